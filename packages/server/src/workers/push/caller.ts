/**
 * One signed call to an app, and the frames of its answer.
 *
 * K1  Every attempt is signed anew: a nonce is used once.
 * K2  Only a call that has reached nobody, or that was refused before any code could run, is tried
 *     again here. Whoever calls hears of everything else, and whether code may have run.
 * K3  An answer without a signed `end` is no answer, whatever came before it.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  decodePushFrame,
  encodePushRequest,
  FrameOpener,
  signatureHeader,
  signRequest,
  toHex,
  type Digests,
  type PushFrame,
  type PushRequest,
  type SignedRequest,
} from "@perdure/wire";
import { serverLimits } from "../../limits.ts";
import { placeOf, type Callee } from "./endpoint.ts";
import { PushFailure } from "./failure.ts";
import { NotConnected } from "./outbound/guard.ts";
import type { Outbound, PostAnswer } from "./outbound/post.ts";
import { refusedBy } from "./refusal.ts";

const mediaType = "application/x-perdure-push";
const TRIES = 3;
const FIRST_WAIT_MS = 200;

export interface CallerParts {
  readonly env: Env;
  readonly outbound: Outbound;
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Default: WebCrypto. */
  readonly digests?: Digests | undefined;
}

export class PushCaller {
  readonly #parts: CallerParts;

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** All frames but signs of life; returns after `end`. Throws `PushFailure`. */
  async *call(
    callee: Callee,
    message: PushRequest,
    signal: AbortSignal,
  ): AsyncGenerator<PushFrame> {
    const body = encodePushRequest(message);
    for (let attempt = 1; ; attempt++) {
      try {
        const { answer, signed } = await this.#post(callee, message, body, signal);
        yield* this.#frames(callee, answer, signed);
        return;
      } catch (error) {
        const waitMs = this.#waitMs(error, attempt);
        if (waitMs === undefined || signal.aborted) throw error;
        await this.#pause(waitMs, signal);
      }
    }
  }

  async close(): Promise<void> {
    await this.#parts.outbound.close();
  }

  async #post(
    callee: Callee,
    { type }: PushRequest,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: PostAnswer; readonly signed: SignedRequest }> {
    const { env, outbound, random, digests } = this.#parts;
    const nonce = toHex(random(new Uint8Array(16)));
    const claims = { purpose: type, endpoint: callee.id, at: Math.floor(env.now()), nonce };
    const { header, signed } = await signRequest(callee.key, claims, body, digests);
    const { pushHeadersMs, pushBufferedMs, pushIdleMs } = serverLimits;
    let answer: PostAnswer;
    try {
      answer = await outbound.post({
        url: callee.url,
        headers: { ...callee.headers, "content-type": mediaType, [signatureHeader]: header },
        body,
        signal,
        headMs: callee.isBuffered ? pushBufferedMs : pushHeadersMs,
        silenceMs: pushIdleMs,
      });
    } catch (error) {
      throw notAnswered(callee, error);
    }
    if (answer.status !== 200) throw await refusedBy(callee, answer);
    if (answer.header("content-type") === mediaType) return { answer, signed };
    answer.body.destroy();
    const text = `${placeOf(callee)} answered 200, but not as a push handler does: check the URL`;
    throw new PushFailure(text, { mayHaveRun: true });
  }

  async *#frames(
    callee: Callee,
    { body }: PostAnswer,
    signed: SignedRequest,
  ): AsyncGenerator<PushFrame> {
    const opener = new FrameOpener(signed, undefined, this.#parts.digests);
    try {
      // Read to its end, the connection can be used again.
      for await (const chunk of body.pieces()) {
        for await (const payload of opener.open(chunk)) {
          const frame = decodePushFrame(payload);
          if (frame.type !== "alive") yield frame;
          if (frame.type === "end") {
            body.finish();
            return;
          }
        }
      }
      throw new Error("it ended too early");
    } catch (error) {
      body.destroy();
      throw torn(callee, error);
    }
  }

  #waitMs(error: unknown, attempt: number): number | undefined {
    if (attempt >= TRIES || !(error instanceof PushFailure) || error.mayHaveRun) return undefined;
    if (error.cause instanceof NotConnected && error.cause.isForbidden) return undefined;
    const { retryAfterMs } = error;
    const isBusy = retryAfterMs !== undefined;
    if (!isBusy && !(error.cause instanceof NotConnected)) return undefined;
    if (retryAfterMs !== undefined && retryAfterMs > serverLimits.pushPatienceMs) return undefined;
    const backoffMs = FIRST_WAIT_MS * 4 ** (attempt - 1);
    return Math.max(retryAfterMs ?? 0, backoffMs * (0.5 + this.#parts.env.random()));
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.env.after(ms, resolve);
      signal.addEventListener("abort", () => (cancel(), resolve()), { once: true });
    });
  }
}

function notAnswered(callee: Callee, error: unknown): PushFailure {
  if (error instanceof NotConnected) {
    const text = `${placeOf(callee)} was not reached: ${error.message}`;
    return new PushFailure(text, { mayHaveRun: false, cause: error });
  }
  const text = `${placeOf(callee)} did not answer: ${messageOf(error)}; it may have acted`;
  return new PushFailure(text, { mayHaveRun: true, cause: error });
}

function torn(callee: Callee, error: unknown): PushFailure {
  if (error instanceof PushFailure) return error;
  const text = `The answer to ${placeOf(callee)} broke off: ${messageOf(error)}; it may have acted`;
  return new PushFailure(text, { mayHaveRun: true, cause: error });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof PerdureError) return error.message;
  const inner = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${error.message}${inner}`;
}
