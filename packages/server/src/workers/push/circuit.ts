/**
 * Spares an app that is down, and this server with it: after some failures in a row nothing is sent
 * for a while, then one call tries, or the app is asked what it has code for. It is soft state; a
 * restarted server tries at once.
 */
import type { Env } from "@perdure/engine";
import { PushFailure } from "./failure.ts";

const FAILURES = 5;
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

export interface CircuitView {
  readonly state: "closed" | "open" | "trying";
  /** In a row. */
  readonly failures: number;
  readonly lastError?: string;
  /** Of the last error; ms since epoch. */
  readonly failedAt?: number;
}

export class Circuit {
  readonly #env: Env;
  #failures = 0;
  /** Times it was opened in a row; what had begun before it opened does not count again. */
  #openings = 0;
  #openUntil = 0;
  #isTrying = false;
  #lastError: string | undefined;
  #failedAt = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Nothing is sent, or a single call. */
  get isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  /** Until something may be sent. */
  get waitMs(): number {
    return Math.max(0, this.#openUntil - this.#env.monotonic());
  }

  view(): CircuitView {
    const state = !this.isOpen ? "closed" : this.#isTrying ? "trying" : "open";
    const last =
      this.#lastError === undefined ? {} : { lastError: this.#lastError, failedAt: this.#failedAt };
    return { state, failures: this.#failures, ...last };
  }

  /** Throws when nothing may be sent now. */
  enter(): void {
    if (!this.isOpen) return;
    const waitMs = this.#openUntil - this.#env.monotonic();
    if (waitMs <= 0 && !this.#isTrying) {
      this.#isTrying = true;
      return;
    }
    const retryAfterMs = Math.ceil(Math.max(waitMs, FIRST_MS) + this.#env.random() * FIRST_MS);
    const text = `Not called: ${this.#failures} calls in a row have failed, the last one with: ${this.#lastError}`;
    throw new PushFailure(text, { mayHaveRun: false, retryAfterMs, isSpared: true });
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#isTrying = false;
    this.#lastError = undefined;
  }

  /** It has said what it has code for. One more failure opens the circuit again, for longer. */
  answered(): void {
    this.#failures = Math.min(this.#failures, FAILURES - 1);
  }

  failed(message: string): void {
    const opens = ++this.#failures === FAILURES || this.#isTrying;
    this.#isTrying = false;
    this.#lastError = message;
    this.#failedAt = Math.floor(this.#env.now());
    if (!opens) return;
    const longest = Math.min(FIRST_MS * 2 ** Math.min(this.#openings++, 10), LONGEST_MS);
    this.#openUntil = this.#env.monotonic() + longest * (0.8 + 0.4 * this.#env.random());
  }

  /** A call that was given up says nothing about the app. */
  left(): void {
    this.#isTrying = false;
  }
}
