/** What is fuzzed: anything that takes what a stranger sent. */
import type { Random } from "./random.ts";

/**
 * What became of one input. A refusal names its code. Anything else that is thrown, but for a
 * `PerdureError`, is a crash.
 */
export type Verdict =
  | { readonly type: "accepted" }
  | { readonly type: "refused"; readonly code: string };

export interface Target {
  readonly name: string;
  /** Its part of the inputs, beside the parts of the others. */
  readonly share: number;
  /** Makes an input from the chance given and hands it over; `show` keeps it for the report. */
  run(random: Random, show: (input: unknown) => void): Promise<Verdict> | Verdict;
  /** After the last input: what must hold of the whole (nothing written, nothing left open). */
  close?(): Promise<void>;
}

export const accepted: Verdict = { type: "accepted" };
