/** What the processes last said of their work, by the name of each. */
import type { Progress } from "../config.ts";

const idle: Progress = { total: 0, closed: 0, inFlight: 0, finished: 0 };

export class Board {
  readonly #said = new Map<string, Progress>();
  /** Over all lives of a process. */
  readonly #finished = new Map<string, number>();
  #total = 0;
  #closed = 0;
  #lastChangeMs = Date.now();

  get total(): number {
    return this.#total;
  }

  /** It never goes back, though a new life has to find out how far the one before it was. */
  get closed(): number {
    return this.#closed;
  }

  /** Of the returns, how many are closed. */
  get share(): number {
    return this.#total === 0 ? 0 : this.#closed / this.#total;
  }

  /** For how long nothing has moved anywhere. */
  get stillMs(): number {
    return Date.now() - this.#lastChangeMs;
  }

  /** A process is up: that is a move too. */
  stir(): void {
    this.#lastChangeMs = Date.now();
  }

  hear(name: string, progress: Progress): void {
    const before = this.#said.get(name) ?? idle;
    const more = progress.finished - before.finished;
    if (more > 0 || progress.closed > this.#closed) this.#lastChangeMs = Date.now();
    this.#finished.set(name, (this.#finished.get(name) ?? 0) + Math.max(0, more));
    this.#said.set(name, progress);
    this.#total = Math.max(this.#total, progress.total);
    this.#closed = Math.max(this.#closed, progress.closed);
  }

  /** A process is gone, and with it what it had under way. */
  forget(name: string): void {
    this.#said.delete(name);
  }

  inFlight(names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.#said.get(name)?.inFlight ?? 0), 0);
  }

  finished(names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.#finished.get(name) ?? 0), 0);
  }
}
