/** What a crash test has found. Plain data: it can be printed as JSON. */

export type FindingKind =
  /** Two runs that nothing disturbed ended differently. */
  | "not-repeatable"
  /** Killed and resumed, the run ended otherwise than when it was left alone. */
  | "outcome-differs"
  /** A step acted twice, and never looked at the key that would make that harmless. */
  | "double-effect"
  /** A replay asked for something else than was recorded, or the guard caught the code. */
  | "nondeterminism"
  /** Taking a step back failed, and the run stays half undone until a person looks. */
  | "undo-failed"
  /** The run failed or was cancelled, and a step that had acted stays as it is. */
  | "left-behind"
  /** No scenario has taken this undo. */
  | "undo-never-taken"
  /** A wait or a call that nothing ends but what it waits for. */
  | "no-timeout";

export interface Finding {
  readonly kind: FindingKind;
  readonly title: string;
  readonly details: readonly string[];
  /** Function, file and line in the user's code. */
  readonly at?: string;
  /** In how many scenarios it showed. */
  readonly times: number;
  /** The first of these. */
  readonly scenario: string;
  readonly fix: string;
}

export interface CrashFigures {
  readonly scenarios: number;
  /** Events of runs in the undisturbed scenario, each a place to be killed at. */
  readonly positions: number;
  /** Events that become durable together are one place. */
  readonly kills: number;
  readonly gaps: number;
  readonly failures: number;
  readonly cancellations: number;
  /** Scenarios whose place was never reached. */
  readonly missed: number;
  /** Scenarios that limits have left out. */
  readonly leftOut: number;
  /** Functions of steps that ran again after they had acted. */
  readonly repeatedSteps: number;
  readonly undosTaken: number;
  readonly virtualMs: number;
  readonly seconds: number;
}

export interface CrashReport {
  readonly workflow: string;
  /** How the undisturbed run ended. */
  readonly ending: string;
  /** There is no finding. */
  readonly isSafe: boolean;
  readonly findings: readonly Finding[];
  /** What could not be tried, and why. */
  readonly notes: readonly string[];
  readonly figures: CrashFigures;
}
