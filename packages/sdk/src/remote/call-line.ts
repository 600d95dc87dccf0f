/**
 * Calls over one WebSocket, many at a time; `@perdure/wire` has the protocol.
 *
 * It owns the connection, the calls on it, and those that wait for a place on it.
 *
 * 1. It is open or it is not: who asks while it is not goes another way. It is dialled when it is
 *    opened and, once lost, by the next call that would have taken it; nothing goes on by itself.
 * 2. A call ends with its answer, with its time, or with the connection: then nobody knows whether it
 *    was done, and whoever may repeats it with the id it has.
 * 3. No more calls are on their way than the server takes at once, and fewer waits than that: calls
 *    that are soon answered do not stand behind those that are not.
 * 4. A connection without calls keeps no process from ending.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  CALLS_PROTOCOL,
  decodeToCaller,
  encodeCallsFrame,
  encodeFromCaller,
  operations,
  OutgoingCalls,
  Pulse,
  wireLimits,
  type CallsWelcome,
  type ToCaller,
  type WireAnswer,
} from "@perdure/wire";
import type { Dial, Line } from "../stream/line.ts";
import { dialWebSocket } from "../stream/web-socket.ts";
import { backoffMs } from "./backoff.ts";
import { CallQueue, type Asking } from "./call-queue.ts";
import { remoteLimits } from "./limits.ts";
import type { Address } from "./address.ts";
import type { Places } from "./places.ts";
import { closed, NoAnswer, type Incoming, type Outgoing, type TlsOptions } from "./transport.ts";

export interface CallLineParts {
  readonly places: Places;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls?: TlsOptions | undefined;
  readonly env: Env;
  /** Of whoever calls, for the trace. */
  readonly trace?: (() => Readonly<Record<string, string>>) | undefined;
  /** How it connects. Default: a WebSocket. */
  readonly dial?: Dial | undefined;
}

/** One connection, from its dialling on. */
interface Connection {
  readonly address: Address;
  readonly line: Line;
  readonly outgoing: OutgoingCalls;
  welcome?: CallsWelcome;
  pulse?: Pulse | undefined;
  isOver: boolean;
}

export class CallLine {
  readonly #parts: CallLineParts;
  readonly #queue = new CallQueue();
  #connection: Connection | undefined;
  #lastId = 0;
  #failures = 0;
  /** Not before it is opened; then, not before a lost one has been let be for a while. */
  #dialAt = Number.POSITIVE_INFINITY;
  #isClosed = false;
  #settled: (() => void) | undefined;

  constructor(parts: CallLineParts) {
    this.#parts = parts;
  }

  /** Resolves when it is open, or when it is not going to be for now. */
  open(): Promise<void> {
    const { env } = this.#parts;
    return new Promise((resolve) => {
      const cancel = env.after(remoteLimits.linePatienceMs, resolve);
      this.#settled = () => {
        cancel();
        resolve();
      };
      this.#dial();
    });
  }

  get isOpen(): boolean {
    return this.#connection?.welcome !== undefined;
  }

  /** Waits that may be on their way at a time. */
  get waitsAtOnce(): number {
    return this.isOpen ? this.#queue.waitsAtOnce : 0;
  }

  /** Whether the call goes this way; one that would have may bring the connection back. */
  takes({ lane, body = "", media, query }: Outgoing): boolean {
    const fits =
      lane !== "watch" &&
      media === undefined &&
      body.length <= wireLimits.callBodyChars &&
      query.length <= wireLimits.callQueryChars;
    if (!fits || this.#isClosed) return false;
    if (this.isOpen) return this.#isHere();
    if (this.#connection === undefined && this.#parts.env.monotonic() >= this.#dialAt) {
      this.#dial();
    }
    return false;
  }

  send(out: Outgoing): Promise<Incoming> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const late = this.#parts.env.after(out.withinMs, () => this.#late(id));
      this.#queue.push({ id, out, resolve, reject, late, isSent: false });
      this.#pump();
    });
  }

  close(): void {
    this.#isClosed = true;
    const connection = this.#connection;
    if (connection !== undefined) {
      this.#over(connection);
      connection.line.terminate();
    }
    this.#failAll(() => closed());
  }

  #dial(): void {
    const { places, headers, tls, env, dial = dialWebSocket } = this.#parts;
    const address = places.now;
    const tooLate = env.after(remoteLimits.connectMs, () => connection.line.terminate());
    let refusedMs = 0;
    const line = dial(
      { url: urlOf(address), headers, tls },
      {
        open: () => undefined,
        frame: (data, isBinary) => {
          tooLate();
          this.#heard(connection, data, isBinary);
        },
        refused: () => (refusedMs = remoteLimits.lineRefusedMs),
        failed: () => undefined,
        ended: () => {
          tooLate();
          this.#ended(connection, refusedMs);
        },
      },
    );
    const outgoing = new OutgoingCalls(env, (frame) => line.send(frame));
    const connection: Connection = { address, line, outgoing, isOver: false };
    this.#connection = connection;
  }

  #heard(connection: Connection, data: Uint8Array, isBinary: boolean): void {
    if (connection.isOver) return;
    connection.pulse?.heard();
    try {
      if (!isBinary) throw new PerdureError("internal", "the server sends text messages");
      const messages = decodeToCaller(data);
      // A sign of life wants one.
      if (messages.length === 0) connection.line.send(encodeCallsFrame([]));
      for (const message of messages) this.#take(connection, message);
    } catch (error) {
      this.#parts.env.log("warn", "a frame of the server cannot be read", { error });
      connection.line.terminate();
    }
    this.#pump();
  }

  #take(connection: Connection, message: ToCaller): void {
    if (message.type === "answer") return this.#answered(message);
    if (connection.welcome !== undefined || message.protocol !== CALLS_PROTOCOL) {
      throw new PerdureError("internal", "the server speaks another version of the protocol");
    }
    connection.welcome = message;
    this.#failures = 0;
    this.#queue.atOnce = message.atOnce;
    this.#settle();
    connection.line.keepAwake?.(false);
  }

  #answered({ id, status, body = "", retryAfterS }: WireAnswer): void {
    const asking = this.#queue.end(id);
    // One whose time was up is answered all the same, if it was on its way.
    if (asking === undefined) return;
    asking.late();
    const retryAfter = retryAfterS === undefined ? undefined : String(retryAfterS);
    const header: Incoming["header"] = (name) => (name === "retry-after" ? retryAfter : undefined);
    asking.resolve({ status, header, body });
  }

  #pump(): void {
    const connection = this.#connection;
    if (connection?.welcome === undefined) return;
    for (let next = this.#queue.take(); next !== undefined; next = this.#queue.take()) {
      connection.outgoing.send(this.#encoded(next));
    }
    const isBusy = this.#queue.inProgress > 0;
    if (!isBusy && !this.#isHere()) return;
    if (isBusy === (connection.pulse !== undefined)) return;
    connection.line.keepAwake?.(isBusy);
    connection.pulse?.stop();
    connection.pulse = isBusy ? this.#pulse(connection, connection.welcome) : undefined;
  }

  /** Another server is asked by now: what is on its way ends where it is, and then the connection. */
  #isHere(): boolean {
    const connection = this.#connection;
    if (connection?.address === this.#parts.places.now) return true;
    if (this.#queue.inProgress === 0) connection?.line.terminate();
    return false;
  }

  #encoded({ id, out }: Asking): Uint8Array {
    const { operation, params, query, body } = out;
    const headers = this.#parts.trace?.() ?? {};
    return encodeFromCaller({
      type: "call",
      id,
      operation,
      params,
      query,
      ...(body === undefined ? {} : { body }),
      ...(Object.keys(headers).length === 0 ? {} : { headers }),
    });
  }

  /** The server speaks by itself; it is only listened for while somebody waits. */
  #pulse({ line }: Connection, { silenceMs }: CallsWelcome): Pulse {
    return new Pulse({
      world: this.#parts.env,
      leaseMs: silenceMs,
      beat: () => undefined,
      silent: () => line.terminate(),
    });
  }

  #late(id: number): void {
    const asking = this.#queue.end(id);
    if (asking === undefined) return;
    if (asking.isSent) this.#connection?.outgoing.send(encodeFromCaller({ type: "forget", id }));
    const facts = { wasSent: asking.isSent, isTransient: true, wasLate: true, cause: undefined };
    asking.reject(new NoAnswer("it did not answer in time", facts));
    this.#pump();
  }

  #ended(connection: Connection, refusedMs: number): void {
    if (connection.isOver) return;
    this.#over(connection);
    const { env, places } = this.#parts;
    // Who lets no WebSocket through may answer requests.
    if (refusedMs === 0) places.moveOn(connection.address);
    const pauseMs = Math.max(refusedMs, backoffMs(this.#failures++, remoteLimits.pause, env));
    this.#dialAt = env.monotonic() + pauseMs;
    this.#failAll(({ isSent }) => {
      const facts = { wasSent: isSent, isTransient: true, cause: undefined };
      return new NoAnswer("the connection was cut", facts);
    });
    this.#settle();
  }

  #over(connection: Connection): void {
    connection.isOver = true;
    connection.pulse?.stop();
    this.#connection = undefined;
  }

  #failAll(reason: (asking: Asking) => Error): void {
    for (const asking of this.#queue.clear()) {
      asking.late();
      asking.reject(reason(asking));
    }
  }

  #settle(): void {
    this.#settled?.();
    this.#settled = undefined;
  }
}

function urlOf({ origin, base }: Address): string {
  return origin.replace(/^http/, "ws") + base + operations["server.calls"].path;
}
