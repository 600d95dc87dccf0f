/** The answer to "why does this not go on?". Plain data, made for a terminal and a console. */
import type { RunStatus } from "../machines/run/row.ts";
import type { Failing } from "../machines/run/state.ts";
import type { Failure } from "../failure.ts";
import type { KeyRef, RunId } from "../ids.ts";

/** What a person can do about it. */
export interface Cure {
  /** What it does; where there is no command for it, what to do. */
  readonly text: string;
  /** Can be pasted into a POSIX shell. */
  readonly command?: string;
}

/** What something waits for: the thing that invariant 8 says exists. */
export type WaitsOn =
  | "store"
  | "deadlock"
  | "person"
  | "worker"
  | "retry"
  | "key"
  | "child"
  | "promise"
  | "run"
  | "signal"
  | "event"
  | "update"
  | "step"
  | "start"
  | "timer";

export interface Waiting {
  readonly on: WaitsOn;
  /** The operation's key, where it has one. */
  readonly key?: string;
  /** A clause whose subject is the one that waits: `waits for the signal "approval"`. */
  readonly text: string;
  /** More lines, for those who want to know: a diff. */
  readonly detail?: string;
  readonly since: number;
  /** When something will happen without anybody's help. */
  readonly until?: number;
  /** Who has it: a worker, a run. */
  readonly holder?: string;
  /** Who asked for it. */
  readonly by?: string;
  readonly attempt?: number;
  readonly failing?: Failing;
  readonly lastFailure?: Failure;
  /** The runs of a deadlock, each of which waits for the next, and the last for the first. */
  readonly circle?: readonly RunId[];
  /** Why the one that it waits for does not go on. */
  readonly next?: Explanation;
  readonly cures: readonly Cure[];
}

export type Subject =
  | { readonly type: "run"; readonly runId: RunId; readonly workflow: string }
  /** A start that waits for its turn under a key, or for its time: there is no run yet. */
  | { readonly type: "start"; readonly runId: RunId; readonly workflow: string }
  | { readonly type: "key"; readonly key: KeyRef }
  | { readonly type: "schedule"; readonly id: string };

export interface Explanation {
  readonly subject: Subject;
  readonly namespace: string;
  /** Where it is about a run. */
  readonly runId?: RunId;
  readonly status: RunStatus | "queued" | "delayed" | "held" | "free" | "active" | "finished";
  /** The whole answer in one sentence: the cause at the end of the chain, and since when. */
  readonly summary: string;
  /** The most pressing first. */
  readonly waiting: readonly Waiting[];
  /** What else it waits for, which is not told. */
  readonly more?: number;
  /** The acts that cure the first cause, wherever in the chain it is. */
  readonly cures: readonly Cure[];
}
