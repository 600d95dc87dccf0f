/** What came of a scenario. */
import type { Faults, Mode } from "./mode.ts";

export type Verdict =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly why: string }
  /** It failed, as `differences.ts` says that it does. */
  | { readonly kind: "differs"; readonly why: string }
  | { readonly kind: "left out"; readonly why: string };

export interface Result {
  readonly className: string;
  readonly scenario: string;
  readonly mode: Mode;
  readonly faults: Faults;
  readonly verdict: Verdict;
  /** Of the server, while it ran. */
  readonly kills: number;
  readonly tookMs: number;
}
