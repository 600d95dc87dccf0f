/** What a check has found. Plain data: it can be printed as JSON. */
import type { Difference } from "./difference.ts";
import type { Fix } from "./fix.ts";
import type { UnreadableJournal } from "./journal.ts";

/** What the check says of one run. */
export interface RunCheck {
  readonly runId: string;
  readonly workflow: string;
  readonly status: "agrees" | "differs" | "no-code";
  readonly difference?: Difference;
  readonly remark?: string;
}

/** Runs of which the same is to be said. */
export interface RunGroup {
  readonly workflow: string;
  readonly runs: number;
  /** Of the first ones. */
  readonly runIds: readonly string[];
}

/** Runs that differ the same way. The difference is that of the first one. */
export interface DifferingGroup extends RunGroup {
  readonly difference: Difference;
  readonly fix: Fix;
}

export interface RemarkGroup extends RunGroup {
  readonly remark: string;
}

export interface CheckReport {
  /** Nothing differs, everything could be read, and there is code for all of it. */
  readonly isClean: boolean;
  readonly runs: number;
  readonly events: number;
  readonly agrees: number;
  readonly differs: number;
  readonly noCode: number;
  readonly unreadable: number;
  readonly groups: readonly DifferingGroup[];
  readonly withoutCode: readonly RunGroup[];
  readonly unreadables: readonly UnreadableJournal[];
  readonly remarks: readonly RemarkGroup[];
  /** The code could not even be loaded; no run was checked. */
  readonly loading?: { readonly message: string; readonly at?: string };
  readonly seconds: number;
}
