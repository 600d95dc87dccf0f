/**
 * Workers that hold a WebSocket open: greets them, registers them with the engine, and gives a
 * worker whose connection was lost its session back.
 *
 * H1  A worker's namespace is its credential's; nothing it says can name another (T1).
 * H2  A session is resumed by whoever shows its token, under the same namespace and id (T3).
 * H3  One session per worker id and namespace. A new one takes the place of one without connection;
 *     one that is connected is in the way, until its lease says otherwise.
 */
import type { Env, WorkerHost } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  encodeFrame,
  encodeServerMessage,
  PROTOCOL,
  wireLimits,
  type Hello,
  type WireError,
} from "@perdure/wire";
import { serverLimits, type ServerLimits } from "../../limits.ts";
import { isRefusal } from "../../access/vigil.ts";
import type { StreamHost } from "../hosts.ts";
import { Connection } from "./connection.ts";
import { ResumeTokens, type Holder, type RandomBytes } from "./resume-token.ts";
import { StreamSession, toWire } from "./session.ts";
import type { StreamSocket } from "./socket.ts";

export interface StreamWorkersParts {
  readonly engine: WorkerHost;
  readonly env: Env;
  /** Shown to workers: `perdure/0.1.0`. */
  readonly server: string;
  /** Default: `serverLimits`. */
  readonly bounds?: ServerLimits;
  /** Default: `wireLimits`. */
  readonly limits?: { readonly backlogBytes: number; readonly backlogMessages: number };
  /** So many bytes that nobody can guess. Default: the system's. */
  readonly random?: RandomBytes;
}

/** A session, and the connection that carries it now. */
interface Known {
  readonly name: string;
  readonly holder: Holder;
  readonly session: StreamSession;
  readonly leaseMs: number;
  connection: Connection | undefined;
}

interface Peer {
  readonly address: string;
}

export class StreamWorkers implements StreamHost {
  readonly maxFrameBytes: number = wireLimits.frameBytes;
  readonly #parts: StreamWorkersParts;
  readonly #bounds: ServerLimits;
  readonly #tokens: ResumeTokens;
  readonly #known = new Map<string, Known>();
  readonly #connections = new Set<Connection>();
  #isClosing = false;

  constructor(parts: StreamWorkersParts) {
    this.#parts = parts;
    this.#tokens = new ResumeTokens(parts.random);
    this.#bounds = parts.bounds ?? serverLimits;
  }

  /** Workers with a session. */
  get sessions(): number {
    return this.#known.size;
  }

  /** The socket is open, nothing was read from it, and its frames are bounded by its server. */
  accept(
    socket: StreamSocket,
    caller: { readonly namespace: string },
    peer: Peer,
  ): (reason: PerdureError) => void {
    const connection = new Connection({
      socket,
      env: this.#parts.env,
      helloMs: this.#bounds.streamHelloMs,
      greet: (_, hello, received) => this.#greet(connection, hello, received, caller, peer),
      closed: (_, hasLeft) => this.#closed(connection, hasLeft),
    });
    this.#connections.add(connection);
    if (this.#isClosing) connection.refuse(toWire(closing()), false);
    return (reason) => connection.end(reason);
  }

  /** Asks every worker to leave, and resolves when they have, or when their time is up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const { env } = this.#parts;
    const { message } = closing();
    const sessions = [...this.#known.values()].map(({ session }) => session);
    const left = Promise.all(sessions.map((session) => session.leave(message)));
    let cancel: (() => void) | undefined;
    const tooLate = new Promise<void>((resolve) => {
      cancel = env.after(this.#bounds.streamLeaveMs, resolve);
    });
    await Promise.race([left, tooLate]);
    cancel?.();
    for (const session of sessions) session.end(closing());
    for (const connection of this.#connections) connection.refuse(toWire(closing()), false);
  }

  #greet(
    connection: Connection,
    hello: Hello,
    received: number,
    { namespace }: { readonly namespace: string },
    peer: Peer,
  ): void {
    if (this.#isClosing) return connection.refuse(toWire(closing()), false);
    if (hello.protocol !== PROTOCOL) return connection.refuse(otherProtocol(hello), true);
    const holder = { namespace, worker: hello.worker };
    const known = this.#resumed(hello, holder);
    const { session, name, leaseMs } = known ?? this.#register(hello, holder, peer);
    const entry = this.#known.get(name);
    if (entry === undefined) throw closing();
    entry.connection?.leave();
    entry.connection = connection;
    const welcome = encodeServerMessage({
      type: "welcome",
      protocol: PROTOCOL,
      server: this.#parts.server,
      isResumed: known !== undefined,
      resume: this.#tokens.seal(name, holder),
      window: wireLimits.windowBytes,
      leaseMs,
    });
    connection.write(encodeFrame(0, session.received, [welcome]));
    connection.carry(session, leaseMs);
    session.attach(connection.write, known === undefined ? 0 : received, hello.window);
  }

  /** H2. Undefined: there is no such session any more, or there never was one. */
  #resumed({ resume }: Hello, holder: Holder): Known | undefined {
    if (resume === undefined) return undefined;
    const opened = this.#tokens.open(resume, holder);
    if (opened === "gone") return undefined;
    if (opened !== "forged") return this.#known.get(opened.session);
    const text = "The session's token is not this worker's: start the worker again without it.";
    throw new PerdureError("forbidden", text);
  }

  #register(hello: Hello, holder: Holder, { address }: Peer): Known {
    this.#makeWay(holder);
    if (this.#known.size >= this.#bounds.streamSessions) {
      const text = `${this.#bounds.streamSessions} workers are connected: use another node.`;
      throw new PerdureError("overloaded", text);
    }
    const { engine, env, limits } = this.#parts;
    const name = this.#tokens.newSession();
    const session = new StreamSession({
      // The engine has one name space for all workers, and the journal must tell one that was
      // lost from the one that took its id.
      id: `${hello.worker}~${name.slice(0, 6)}`,
      env,
      bounds: this.#bounds,
      over: (_, reason) => this.#over(name, reason),
      ...(limits === undefined ? {} : { limits }),
    });
    const labels = { ...hello.options.labels, address, sdk: hello.sdk, transport: "stream" };
    const { leaseMs } = hello.options;
    const known: Known = { name, holder, session, leaseMs, connection: undefined };
    this.#known.set(name, known);
    try {
      // The engine may call it at once; nothing leaves before its welcome.
      const options = { ...hello.options, labels, namespace: holder.namespace };
      session.connect(engine.register(session, options));
    } catch (error) {
      this.#known.delete(name);
      throw error;
    }
    return known;
  }

  /** H3. */
  #makeWay({ namespace, worker }: Holder): void {
    for (const { holder, session } of this.#known.values()) {
      if (holder.namespace !== namespace || holder.worker !== worker) continue;
      if (session.isAttached) {
        const text = `A worker "${worker}" is connected: stop that one, or take another id.`;
        throw new PerdureError("already-exists", text);
      }
      return session.end(new PerdureError("unavailable", "Its worker came back as a new one."));
    }
  }

  #over(name: string, reason: PerdureError): void {
    const known = this.#known.get(name);
    if (known === undefined) return;
    this.#known.delete(name);
    this.#parts.env.log("info", "a worker's session is over", {
      worker: known.session.id,
      reason: reason.message,
    });
    known.connection?.refuse(toWire(reason), isRefusal(reason));
  }

  #closed(connection: Connection, hasLeft: boolean): void {
    this.#connections.delete(connection);
    for (const known of this.#known.values()) {
      if (known.connection !== connection) continue;
      known.connection = undefined;
      known.session.detach();
      if (hasLeft) known.session.end(new PerdureError("closed", "The worker has left."));
    }
  }
}

function otherProtocol({ protocol, sdk }: Hello): WireError {
  const message =
    `The worker (${sdk}) speaks version ${protocol} of the worker protocol, this server version ` +
    `${PROTOCOL}: use versions of Perdure that fit together.`;
  return { code: "invalid-argument", message };
}

function closing(): PerdureError {
  return new PerdureError("unavailable", "The server is closing: connect again in a moment.");
}
