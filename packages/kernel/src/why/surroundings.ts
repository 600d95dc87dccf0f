/** What the shell knows and no journal says: who is there, and what other machines are about. */
import type { KeyRef, RunId } from "../ids.ts";
import type { KeyState } from "../machines/key/state.ts";
import type { RunState } from "../machines/run/state.ts";

/**
 * Does anybody serve a queue, and know a workflow or task? `other-version`: somebody does, but not
 * of the version that the run is pinned to.
 */
export type Serving = "yes" | "unknown-name" | "nobody" | "other-version";

/** Why workers with a free slot are given no step of a queue. */
export type Throttled =
  | { readonly by: "rate"; readonly perSecond: number; readonly nextMs: number }
  /** `most` at a time, on all these workers together. */
  | { readonly by: "concurrency"; readonly most: number; readonly workers: number };

/** A worker of a queue that went away without a goodbye. */
export interface LostServer {
  readonly worker: string;
  readonly agoMs: number;
}

/** A worker whose slots are full. */
export interface BusyWorker {
  readonly worker: string;
  readonly slots: number;
  /** Some of what it has: `<run id>`, or `<run id> step "x"`. */
  readonly has: readonly string[];
}

export interface RunFacts {
  readonly state: RunState;
  /** The worker that holds the run's coroutine. */
  readonly holder?: string;
  /** The local step that the holder's code is in, as far as it says so. */
  readonly doing?: { readonly key: string; readonly since: number };
  /** The holder's code waits: for these signals, beside what the run's operations are. */
  readonly awaits?: { readonly signals: readonly string[]; readonly since: number };
  /** The worker that had the run before, and went away in the middle of it. */
  readonly lost?: { readonly worker: string; readonly at: number };
}

/** The store refuses to write, or the engine has stopped by itself. Times in ms since epoch. */
export interface StoreTrouble {
  readonly since: number;
  readonly lastAt: number;
  readonly reason: string;
  /** Commits refused; 0: the partition is not even opened. */
  readonly refusals: number;
  /** It does not refuse everything. */
  readonly isTaking: boolean;
  /** The engine has given up. */
  readonly isStopped: boolean;
}

export interface Surroundings {
  /** `version`: the run is pinned to it. */
  serves(queue: string, name: string, kind: "workflow" | "task", version?: string): Serving;
  /** Is a task of the queue held up by the queue's rate or concurrency? */
  throttled?(queue: string, task: string): Throttled | undefined;
  /** The last worker of the queue that was lost, as far as it is remembered. */
  lost?(queue: string): LostServer | undefined;
  /** Queues that somebody serves. */
  queues?(): readonly string[];
  /** Versions of a queue's workers. */
  versions?(queue: string): readonly string[];
  /** The workers of a queue that have no room. */
  busy?(queue: string, kind: "workflow" | "task"): readonly BusyWorker[];
  /** A run that was looked at. */
  run?(runId: RunId): RunFacts | undefined;
  key?(key: KeyRef): KeyState | undefined;
  readonly store?: StoreTrouble;
}
