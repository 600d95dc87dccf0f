/**
 * One attempt of one invocation: one HTTP exchange with its SDK, from Start to a terminator.
 *
 * It owns the exchange. What frames mean for the run is its listener's business.
 *
 * A1  The listener hears of messages in order, those of one chunk at once, then of at most one end:
 *     a terminator among the messages, or a failure. After that it hears nothing.
 * A2  Our side is closed as soon as there is nothing more to say: at once in request and response
 *     mode, at a terminator, and when the other side was silent for the inactivity timeout.
 * A3  A side that is closed is silent: `send` after that does nothing, and says so.
 * A4  Nothing is trusted: a frame that does not belong, a second output, bytes after a terminator
 *     and an answer that just stops are a failed attempt, with words for it.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { FrameReader, encodeFrame } from "../messages/frames.ts";
import type { Message, MessageOf } from "../messages/messages.ts";
import { late, pastEnd, stopped, unexpected, unreadable } from "./attempt-words.ts";
import type { AttemptFailure } from "./failure.ts";
import type {
  Exchange,
  ExchangeFailure,
  ExchangeListener,
  ExchangeRequest,
  ResponseHead,
  Transport,
} from "./http/exchange.ts";
import { brokenBy, refusalIn } from "./http-answer.ts";
import { driverLimits } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
import type { Ticking } from "./ticker.ts";

export type Terminator = MessageOf<"end" | "suspension" | "error">;

export interface AttemptListener {
  /** `bytes`: that have come since the last time. */
  took(messages: readonly Message[], bytes: number): void;
  failed(failure: AttemptFailure): void;
  /** The SDK is in the closure of this `run` now. */
  closure(): { readonly name: string; readonly sinceMs: number } | undefined;
}

export interface AttemptTerms {
  readonly version: number;
  readonly isBidi: boolean;
  readonly inactivityMs: number;
  readonly abortMs: number;
}

/** The endpoint's answer is no 200: why, and its own words as they come. */
interface Refusal {
  readonly failure: AttemptFailure;
  text: string;
}

export class Attempt implements ExchangeListener, Ticking {
  readonly noticeMs: number;
  readonly #terms: AttemptTerms;
  readonly #env: Env;
  readonly #listener: AttemptListener;
  readonly #left: (attempt: Attempt) => void;
  readonly #reader = new FrameReader();
  readonly #outgoing: Outgoing;
  readonly #exchange: Exchange;
  readonly #beganAt: number;
  /** Monotonic ms of the last byte, to or from. */
  #activeAt: number;
  /** Bytes that the listener has not been told of. */
  #came = 0;
  #phase: "open" | "draining" | "over" = "open";
  #isHalfClosed = false;
  #hasHead = false;
  #hasFrames = false;
  #hasOutput = false;
  /** A refusal whose words are still being read. */
  #refusal: Refusal | undefined;

  constructor(
    { transport, env }: { readonly transport: Pick<Transport, "open">; readonly env: Env },
    request: ExchangeRequest,
    terms: AttemptTerms,
    hooks: { readonly listener: AttemptListener; readonly left: (attempt: Attempt) => void },
  ) {
    this.#env = env;
    this.#terms = terms;
    this.#listener = hooks.listener;
    this.#left = hooks.left;
    this.noticeMs = Math.min(terms.inactivityMs, terms.abortMs);
    this.#beganAt = env.monotonic();
    this.#activeAt = this.#beganAt;
    this.#exchange = transport.open(request, this);
    this.#outgoing = new Outgoing(this.#exchange, encodeFrame);
  }

  get canSend(): boolean {
    return this.#phase === "open" && !this.#isHalfClosed;
  }

  /** Since when (monotonic ms) nothing has gone either way; undefined: it is not idle. */
  get idleSince(): number | undefined {
    const isIdle = this.canSend && this.#outgoing.isEmpty && this.#listener.closure() === undefined;
    return isIdle ? this.#activeAt : undefined;
  }

  begin(messages: readonly Message[]): void {
    this.#outgoing.send(messages);
    if (!this.#terms.isBidi) this.halfClose();
  }

  send(messages: readonly Message[]): void {
    if (!this.canSend || messages.length === 0) return;
    this.#activeAt = this.#env.monotonic();
    this.#outgoing.send(messages);
  }

  halfClose(): void {
    if (this.#isHalfClosed) return;
    this.#isHalfClosed = true;
    this.#outgoing.end();
  }

  /** The listener is behind. */
  hold(isBehind: boolean): void {
    if (isBehind) this.#exchange.pause();
    else this.#exchange.resume();
  }

  /** Whatever it does is of no use any more; its listener is told nothing. */
  giveUp(): void {
    if (this.#phase === "open") this.#over();
  }

  tick(now: number): void {
    const silentMs = now - this.#activeAt;
    const { inactivityMs, abortMs } = this.#terms;
    if (this.#phase === "draining") {
      if (silentMs >= driverLimits.drainMs) this.#over();
    } else if (!this.#isHalfClosed) {
      if (silentMs < inactivityMs) return;
      this.#activeAt = now;
      this.halfClose();
    } else if (silentMs >= abortMs) {
      const closure = this.#listener.closure();
      this.#fail(late({ closure, hasFrames: this.#hasFrames, ms: now - this.#beganAt }));
    }
  }

  head(head: ResponseHead): void {
    this.#hasHead = true;
    const failure = refusalIn(head, this.#terms.version, this.#env.now());
    if (failure !== undefined) this.#refusal = { failure, text: "" };
  }

  chunk(bytes: Uint8Array): void {
    this.#activeAt = this.#env.monotonic();
    if (this.#phase !== "open") return this.#phase === "draining" ? this.#over() : undefined;
    if (this.#refusal !== undefined) return this.#refused(this.#refusal, bytes);
    this.#hasFrames = true;
    this.#came += bytes.length;
    const messages: Message[] = [];
    let failure: AttemptFailure | undefined;
    try {
      for (const message of this.#reader.push(bytes)) {
        failure = isTerminator(messages.at(-1)) ? pastEnd() : this.#misplaced(message);
        if (failure !== undefined) break;
        messages.push(message);
      }
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error;
      failure = unreadable(error);
    }
    const last = messages.at(-1);
    if (failure === undefined && isTerminator(last)) {
      if (isWhole(this.#reader)) this.#drain();
      else failure = pastEnd();
    }
    // What came before the mistake stands.
    if (failure !== undefined && isTerminator(last)) messages.pop();
    if (messages.length > 0) {
      const came = this.#came;
      this.#came = 0;
      this.#listener.took(messages, came);
    }
    if (failure !== undefined) this.#fail(failure);
  }

  ended(): void {
    if (this.#refusal !== undefined) return this.#fail(worded(this.#refusal));
    if (this.#phase !== "open") return this.#over();
    this.#fail(stopped({ hasFrames: this.#hasFrames, isTorn: !isWhole(this.#reader) }));
  }

  failed(failure: ExchangeFailure): void {
    if (this.#refusal !== undefined) return this.#fail(worded(this.#refusal));
    if (this.#phase !== "open") return this.#over();
    this.#fail(brokenBy(failure, this.#hasHead));
  }

  drained(): void {
    this.#outgoing.drained();
  }

  #misplaced(message: Message): AttemptFailure | undefined {
    if (!fromSdk(message)) return unexpected(message.type, "only a server sends it");
    if (message.type !== "output") return undefined;
    if (this.#hasOutput) return unexpected("output", "there was one before");
    this.#hasOutput = true;
    return undefined;
  }

  /** The SDK reads to our end before it closes its own side. */
  #drain(): void {
    this.#phase = "draining";
    this.halfClose();
  }

  #refused(refusal: Refusal, bytes: Uint8Array): void {
    refusal.text += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
    if (refusal.text.length >= driverLimits.refusalChars) this.#fail(worded(refusal));
  }

  #fail(failure: AttemptFailure): void {
    if (this.#phase !== "open") return this.#over();
    this.#over();
    this.#listener.failed(failure);
  }

  #over(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#exchange.reset();
    this.#left(this);
  }
}

export function isTerminator(message: Message | undefined): message is Terminator {
  return message?.type === "end" || message?.type === "suspension" || message?.type === "error";
}

function isWhole(reader: FrameReader): boolean {
  try {
    reader.end();
    return true;
  } catch {
    return false;
  }
}

function fromSdk({ type }: Message): boolean {
  switch (type) {
    case "start":
    case "proposeRunCompletionAck":
    case "input":
    case "completion":
    case "signal":
      return false;
    default:
      return true;
  }
}

/** The endpoint's own words, where it had any. */
function worded({ failure, text }: Refusal): AttemptFailure {
  const said = text.slice(0, driverLimits.refusalChars).trim();
  return said === "" ? failure : { ...failure, message: `${failure.message} (${said})` };
}
