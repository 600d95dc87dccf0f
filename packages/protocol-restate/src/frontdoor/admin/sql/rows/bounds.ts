/**
 * Counts what a query reads, and how long that takes, and stops it where it is too much: nothing is
 * left out silently.
 */
import type { Env } from "@perdure/engine";
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
  readonly #env: Pick<Env, "monotonic">;
  readonly #until: number;

  constructor(env: Pick<Env, "monotonic">) {
    this.#env = env;
    this.#until = env.monotonic() + restateLimits.sqlReadMs;
  }

  take(what: Counted, count = 1): void {
    const left = (this.#left.get(what) ?? restateLimits[what]) - count;
    this.#left.set(what, left);
    if (this.#env.monotonic() > this.#until) throw slow();
    if (left >= 0) return;
    const text =
      `The query reads more than ${restateLimits[what]} ${WORDS[what]}: name an id, a service and ` +
      `its key, or a status in its WHERE (as in id = 'inv_…'), or ask for fewer columns.`;
    throw new PerdureError("limit-exceeded", text);
  }
}

function slow(): PerdureError {
  const text =
    `Reading what the query asks for took longer than ${restateLimits.sqlReadMs} ms: name an id, a ` +
    `service or a status in its WHERE, or ask for fewer columns.`;
  return new PerdureError("limit-exceeded", text);
}
