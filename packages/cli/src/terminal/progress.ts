/** How far long work is: one line on standard error, and only where a person watches. */
import type { Context } from "../context.ts";
import { sanitise } from "./sanitise.ts";

const EVERY_MS = 100;
const BAR = 20;
const CLEAR = "\r\u001b[K";

export class Progress {
  readonly #context: Context;
  #shownAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(context: Context) {
    this.#context = context;
  }

  show(text: string, fraction?: number): void {
    const { errIsTerminal, err, width, now } = this.#context;
    if (!errIsTerminal || now() - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now();
    this.#isShown = true;
    const full = Math.round((fraction ?? 0) * BAR);
    const bar = fraction === undefined ? "" : `${"█".repeat(full)}${"░".repeat(BAR - full)} `;
    err.raw(`${CLEAR}${bar}${sanitise(text).slice(0, Math.max(0, width - bar.length - 1))}`);
  }

  end(): void {
    if (this.#isShown) this.#context.err.raw(CLEAR);
    this.#isShown = false;
  }
}
