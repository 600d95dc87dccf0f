/**
 * What was told and has not come back from the disk yet: the code may have seen it already.
 *
 * While it has seen some of it, no local step begins: what that would do might rest on what is lost,
 * and be done otherwise when the code is run again. Steps that run ahead of the disk do not wait for
 * values, which are cheap to draw anew; they do for results of those that do not run ahead.
 */
import { FewMap } from "./few-map.ts";

interface Told {
  seenAs: "result" | "value" | undefined;
}

export class Unwritten {
  readonly #told = new FewMap<Told>();
  readonly #seen = { result: 0, value: 0 };

  get hasSeenResult(): boolean {
    return this.#seen.result > 0;
  }

  get hasSeenAny(): boolean {
    return this.#seen.result + this.#seen.value > 0;
  }

  tell(key: string): void {
    this.#told.set(key, { seenAs: undefined });
  }

  /** The code sees it; it may have come back before that. */
  see(key: string, seenAs: "result" | "value"): void {
    const told = this.#told.get(key);
    if (told === undefined || told.seenAs !== undefined) return;
    told.seenAs = seenAs;
    this.#seen[seenAs] += 1;
  }

  /** It has come back. */
  written(key: string): void {
    const told = this.#told.get(key);
    if (told === undefined) return;
    this.#told.delete(key);
    if (told.seenAs !== undefined) this.#seen[told.seenAs] -= 1;
  }
}
