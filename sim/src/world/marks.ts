/**
 * How often each fault fired and each "sometimes" was reached. A fault that never fires proves
 * nothing, so a run prints these beside its verdict.
 */
export class Marks {
  readonly #counts = new Map<string, number>();

  hit(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(all: Iterable<readonly [name: string, times: number]>): void {
    for (const [name, times] of all) this.hit(name, times);
  }

  /** By name. */
  all(): readonly (readonly [name: string, times: number])[] {
    return [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}
