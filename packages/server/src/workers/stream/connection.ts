/**
 * One WebSocket of a worker: from its greeting on it carries a session's frames.
 *
 * N1  The first frame is a greeting and comes soon; nothing else is read before it.
 * N2  A frame that breaks a rule ends this connection and its session, and no other.
 * N3  A connection that says nothing is given up; its session goes on under the engine's lease.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  decodeWorkerFrame,
  encodeFrame,
  encodeServerMessage,
  Pulse,
  type Hello,
  type WireError,
} from "@perdure/wire";
import { isRefusal } from "../../access/vigil.ts";
import { toWire, type StreamSession } from "./session.ts";
import type { StreamSocket } from "./socket.ts";

export interface ConnectionParts {
  readonly socket: StreamSocket;
  readonly env: Env;
  /** The greeting comes within it. */
  readonly helloMs: number;
  /** The worker greets, having taken our messages up to `received`. May throw to refuse it. */
  readonly greet: (connection: Connection, hello: Hello, received: number) => void;
  /** `hasLeft`: the worker said goodbye; otherwise it may come back. */
  readonly closed: (connection: Connection, hasLeft: boolean) => void;
}

/** WebSocket close codes: RFC 6455, section 7.4. */
const NORMAL = 1000;
const GOING_AWAY = 1001;
const POLICY = 1008;
const REASON_BYTES = 120;
/** A closing handshake that takes longer is cut. */
const CLOSE_MS = 2_000;

export class Connection {
  readonly #parts: ConnectionParts;
  #session: StreamSession | undefined;
  #pulse: Pulse | undefined;
  readonly #cancelHello: () => void;
  #isClosing = false;
  #cancelClose = ignored;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { socket, env, helloMs } = parts;
    this.#cancelHello = env.after(helloMs, () => {
      const text = `No greeting came within ${helloMs} ms.`;
      this.refuse({ code: "deadline-exceeded", message: text }, false);
    });
    socket.on("message", (data, isBinary) => this.#message(data, isBinary));
    socket.on("error", (error) => env.log("debug", "a worker's connection failed", { error }));
    socket.on("close", (code) => this.#closed(code));
  }

  readonly write = (frame: Uint8Array): void => {
    this.#parts.socket.send(frame, ignored);
  };

  /** From here on it carries the session's frames. */
  carry(session: StreamSession, leaseMs: number): void {
    this.#session = session;
    this.#pulse = new Pulse({
      world: this.#parts.env,
      leaseMs,
      beat: () => session.beat(),
      silent: () => this.#parts.socket.terminate(),
    });
  }

  /** Another connection carries the session now. */
  leave(): void {
    this.#session = undefined;
    this.close("another connection took over");
  }

  /** Says why, and closes. `isFinal`: coming back is no use before somebody changes something. */
  refuse(error: WireError, isFinal: boolean): void {
    if (this.#isClosing) return;
    this.write(encodeFrame(0, 0, [encodeServerMessage({ type: "refused", error, isFinal })]));
    this.close(error.message, isFinal ? POLICY : GOING_AWAY);
  }

  close(reason: string, code: number = GOING_AWAY): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    const { socket, env } = this.#parts;
    socket.close(code, Buffer.from(reason).subarray(0, REASON_BYTES).toString().replace(/�$/, ""));
    this.#cancelClose = env.after(CLOSE_MS, () => socket.terminate());
  }

  /** And its session, which gives back what it holds. */
  end(reason: PerdureError): void {
    if (this.#session === undefined) this.refuse(toWire(reason), isRefusal(reason));
    else this.#session.end(reason);
  }

  #message(data: unknown, isBinary: boolean): void {
    if (this.#isClosing) return;
    try {
      this.#frame(data, isBinary);
    } catch (error) {
      this.#broken(error);
    }
  }

  #frame(data: unknown, isBinary: boolean): void {
    if (!isBinary || !Buffer.isBuffer(data)) throw new PerdureError("invalid-argument", notBinary);
    const frame = decodeWorkerFrame(data);
    this.#pulse?.heard();
    if (this.#session !== undefined) return this.#session.receive(frame, data.length);
    const [hello, ...others] = frame.messages;
    if (frame.seq !== 0 || hello?.type !== "hello" || others.length > 0) {
      throw new PerdureError("invalid-argument", noHello);
    }
    this.#cancelHello();
    this.#parts.greet(this, hello, frame.ack);
  }

  /** N2. */
  #broken(error: unknown): void {
    const { env } = this.#parts;
    const session = this.#session;
    env.log("warn", "a worker's frame was refused", { worker: session?.id, error });
    const isOurs = error instanceof PerdureError;
    this.end(
      isOurs ? error : new PerdureError("internal", toWire(error).message, { cause: error }),
    );
  }

  #closed(code: number): void {
    this.#cancelHello();
    this.#cancelClose();
    this.#pulse?.stop();
    this.#isClosing = true;
    this.#parts.closed(this, code === NORMAL);
  }
}

const notBinary = "A frame is a binary message: text messages are not used.";
const noHello = 'The first frame holds "hello" and nothing else.';

/** A socket that closes meanwhile says so by its own event. */
function ignored(): void {}
