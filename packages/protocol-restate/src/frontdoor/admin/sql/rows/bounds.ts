/** Counts what a query reads, and stops it where that is too much: nothing is left out silently. */
import { PerdureError } from "@perdure/kernel";
import { restateLimits } from "../../../../limits.ts";

type Counted = "sqlInvocations" | "sqlJournals" | "sqlJournalEvents" | "sqlKeys" | "sqlEntries";

const WORDS: Readonly<Record<Counted, string>> = {
  sqlInvocations: "invocations",
  sqlJournals: "invocations whose journals it needs",
  sqlJournalEvents: "events of journals",
  sqlKeys: "keys",
  sqlEntries: "entries of state",
};

export class Bounds {
  readonly #left = new Map<Counted, number>();

  take(what: Counted, count = 1): void {
    const left = (this.#left.get(what) ?? restateLimits[what]) - count;
    this.#left.set(what, left);
    if (left >= 0) return;
    const text =
      `The query reads more than ${restateLimits[what]} ${WORDS[what]}: name an id, a service and ` +
      `its key, or a status in its WHERE (as in id = 'inv_…'), or ask for fewer columns.`;
    throw new PerdureError("limit-exceeded", text);
  }
}
