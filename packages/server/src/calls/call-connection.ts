/**
 * One WebSocket of a client: calls come in frames, answers leave as they are ready, many in a frame.
 *
 * It owns the calls in progress and what waits to be sent.
 *
 * K1  A call is answered once, or the connection has ended. A call that is wrong is refused, and the
 *     others go on; a frame that breaks a rule ends the connection.
 * K2  No more than `socketCalls` are in progress; what comes beyond them is refused unheard.
 * K3  Nothing is read from a client that does not take its answers. What waits for it is bounded, in
 *     bytes and in time.
 * K4  Whoever is no longer welcome, or has gone, is worked for no longer: their waits end.
 */
import type { Env } from "@perdure/engine";
import { invariant, PerdureError } from "@perdure/kernel";
import {
  CALLS_PROTOCOL,
  decodeFromCaller,
  encodeToCaller,
  OutgoingCalls,
  Pulse,
  type FromCaller,
  type WireAnswer,
  type WireCall,
} from "@perdure/wire";
import { refusalAnswer, type Answer } from "../http/answer.ts";
import type { Attended } from "../http/attend.ts";
import { LATER_S } from "../http/refusal.ts";
import type { ServerLimits } from "../limits.ts";
import { ClosingSocket, type CallSocket } from "./call-socket.ts";

export interface CallConnectionParts {
  readonly socket: CallSocket;
  readonly env: Env;
  readonly bounds: ServerLimits;
  /** Shown to clients: `perdure/0.1.0`. */
  readonly server: string;
  /** Never rejects. */
  readonly attend: (call: WireCall, signal: () => AbortSignal) => Promise<Attended<Answer>>;
  readonly closed: (connection: CallConnection) => void;
}

/** WebSocket close codes: RFC 6455, section 7.4. */
const GOING_AWAY = 1001;
const POLICY = 1008;

export class CallConnection {
  readonly #parts: CallConnectionParts;
  readonly #socket: ClosingSocket;
  readonly #outgoing: OutgoingCalls;
  readonly #pulse: Pulse;
  readonly #calls = new Map<number, Waits>();
  #isLeaving = false;
  #isPaused = false;

  constructor(parts: CallConnectionParts) {
    this.#parts = parts;
    const { socket, env, bounds, server } = parts;
    this.#socket = new ClosingSocket(socket, env);
    this.#outgoing = new OutgoingCalls(env, this.#write);
    const { socketCalls: atOnce, socketSilenceMs: silenceMs } = bounds;
    this.#outgoing.send(
      encodeToCaller({ type: "welcome", protocol: CALLS_PROTOCOL, server, atOnce, silenceMs }),
    );
    this.#pulse = new Pulse({
      world: env,
      leaseMs: silenceMs,
      beat: () => this.#outgoing.beat(),
      silent: () => socket.terminate(),
    });
    socket.on("message", (data, isBinary) => this.#message(data, isBinary));
    socket.on("error", (error) => env.log("debug", "a client's connection failed", { error }));
    socket.on("close", () => this.#closed());
  }

  /** Its caller is no longer welcome (K4). */
  expel(reason: PerdureError): void {
    this.#end();
    this.#socket.close(reason.message, POLICY);
  }

  /** Takes nothing more, ends the waits, and closes when everything is answered. */
  leave(): void {
    this.#isLeaving = true;
    for (const waits of this.#calls.values()) waits.end();
    this.#closeWhenDone();
  }

  terminate(): void {
    this.#parts.socket.terminate();
  }

  #message(data: unknown, isBinary: boolean): void {
    if (this.#socket.isClosing) return;
    this.#pulse.heard();
    try {
      if (!isBinary || !Buffer.isBuffer(data))
        throw new PerdureError("invalid-argument", notBinary);
      for (const message of decodeFromCaller(data)) this.#take(message);
    } catch (error) {
      this.#broken(error);
    }
  }

  #take(message: FromCaller): void {
    if (message.type === "forget") {
      this.#calls.get(message.id)?.end();
      this.#calls.delete(message.id);
      return;
    }
    const { id } = message;
    if (this.#calls.has(id)) {
      throw new PerdureError("invalid-argument", `Call ${id} is in progress: use another number.`);
    }
    const { socketCalls } = this.#parts.bounds;
    if (this.#calls.size >= socketCalls) return this.#refuse(id, tooMany(socketCalls));
    const waits = new Waits();
    this.#calls.set(id, waits);
    void this.#attend(message, waits);
  }

  async #attend(call: WireCall, waits: Waits): Promise<void> {
    const { id } = call;
    const attended = await this.#parts.attend(call, waits.signal);
    // It was forgotten meanwhile.
    if (this.#calls.get(id) !== waits) return;
    this.#calls.delete(id);
    this.#answer(id, attended);
    if (this.#isLeaving) this.#closeWhenDone();
  }

  #answer(id: number, { answer, error }: Attended<Answer>): void {
    // No route that answers by itself is called over a socket.
    invariant(!(answer instanceof Response), "a stream was to leave by a socket");
    const { status, text } = answer;
    const body = text === undefined ? {} : { body: text };
    try {
      this.#say({ type: "answer", id, status, ...body, ...laterOf(error) });
    } catch (tooLarge) {
      if (!(tooLarge instanceof PerdureError)) throw tooLarge;
      this.#refuse(id, tooLarge);
    }
  }

  #refuse(id: number, error: PerdureError): void {
    const { status, text: body = "" } = refusalAnswer(error);
    this.#say({ type: "answer", id, status, body, ...laterOf(error) });
  }

  #say(answer: WireAnswer): void {
    this.#outgoing.send(encodeToCaller(answer));
  }

  readonly #write = (frame: Uint8Array): void => {
    if (this.#socket.isClosing) return;
    const { socket, bounds } = this.#parts;
    socket.send(frame, this.#written);
    if (socket.bufferedAmount > bounds.socketBacklogBytes) return socket.terminate();
    if (this.#isPaused || socket.bufferedAmount <= bounds.socketBufferBytes) return;
    // K3: it is not heard meanwhile, so one that never takes them counts as silent.
    this.#isPaused = true;
    socket.pause();
  };

  readonly #written = (): void => {
    const { socket, bounds } = this.#parts;
    if (!this.#isPaused || socket.bufferedAmount > bounds.socketBufferBytes / 2) return;
    this.#isPaused = false;
    socket.resume();
  };

  #broken(error: unknown): void {
    const isOurs = error instanceof PerdureError;
    this.#parts.env.log("warn", "a client's frame was refused", { error });
    this.#end();
    this.#socket.close(isOurs ? error.message : "The frame cannot be read.", POLICY);
  }

  #closeWhenDone(): void {
    if (this.#calls.size > 0) return;
    this.#outgoing.flush();
    this.#socket.close("The server is closing: connect again in a moment.", GOING_AWAY);
  }

  #end(): void {
    for (const waits of this.#calls.values()) waits.end();
    this.#calls.clear();
  }

  #closed(): void {
    this.#end();
    this.#pulse.stop();
    this.#socket.closed();
    this.#parts.closed(this);
  }
}

const notBinary = "A frame is a binary message: text messages are not used.";

/** The signal of a call, made when somebody waits by it. */
class Waits {
  #controller: AbortController | undefined;
  #isOver = false;

  readonly signal = (): AbortSignal => {
    this.#controller ??= new AbortController();
    if (this.#isOver) this.#controller.abort();
    return this.#controller.signal;
  };

  end(): void {
    this.#isOver = true;
    this.#controller?.abort();
  }
}

function laterOf(error: PerdureError | undefined): Pick<WireAnswer, "retryAfterS"> {
  return error?.retry === "later" ? { retryAfterS: Number(LATER_S) } : {};
}

function tooMany(max: number): PerdureError {
  const text = `${max} calls of this connection are in progress: wait for some of them.`;
  return new PerdureError("overloaded", text);
}
