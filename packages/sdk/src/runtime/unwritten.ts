/**
 * What was told and has not come back from the disk yet: the code may have seen it already.
 *
 * U1  While the code has seen some of it, no local step begins: what it would do might rest on what
 *     is lost, and be done otherwise when the code is run again. Steps that run ahead of the disk
 *     do not wait for values, which are cheap to draw anew; they do for results of those that do not.
 * U2  Results that were told together with the word that the code waits are seen with that word, so
 *     their events are no reason to say it again.
 */
import type { Command } from "@perdure/kernel";
import { FewMap } from "./few-map.ts";

interface Told {
  seenAs: "result" | "value" | undefined;
  isCovered: boolean;
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
    this.#told.set(key, { seenAs: undefined, isCovered: false });
  }

  /** The code sees it; it may have come back before that. */
  see(key: string, seenAs: "result" | "value"): void {
    const told = this.#told.get(key);
    if (told === undefined || told.seenAs !== undefined) return;
    told.seenAs = seenAs;
    this.#seen[seenAs] += 1;
  }

  /** These leave with the word that the code waits. */
  cover(commands: readonly Command[]): void {
    for (const command of commands) {
      const told = command.type === "step.complete" ? this.#told.get(command.key) : undefined;
      if (told !== undefined) told.isCovered = true;
    }
  }

  /** It has come back. True: the code has said that it has seen it (U2). */
  written(key: string): boolean {
    const told = this.#told.get(key);
    if (told === undefined) return false;
    this.#told.delete(key);
    if (told.seenAs !== undefined) this.#seen[told.seenAs] -= 1;
    return told.isCovered;
  }
}
