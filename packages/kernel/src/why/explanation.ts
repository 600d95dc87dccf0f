/** The answer to "why does this run not go on?". Plain data, made for a terminal and a console. */
import type { Failure } from "../failure.ts";
import type { RunId } from "../ids.ts";

export interface Waiting {
  /** What it waits for: the thing that invariant 8 says exists. */
  readonly on:
    | "worker"
    | "step"
    | "retry"
    | "timer"
    | "signal"
    | "promise"
    | "event"
    | "child"
    | "key"
    | "start"
    | "person"
    | "update";
  /** The operation's key, where it has one. */
  readonly key?: string;
  /** One sentence. */
  readonly text: string;
  readonly since: number;
  /** When something will happen without anybody's help. */
  readonly until?: number;
  /** Who has it: a worker, a child run. */
  readonly holder?: string;
  readonly attempt?: number;
  readonly lastFailure?: Failure;
  /** What a person can do about it, as sentences or commands. */
  readonly cures: readonly string[];
}

export interface Explanation {
  readonly runId: RunId;
  readonly status: string;
  /** The whole answer in one sentence. */
  readonly summary: string;
  readonly waiting: readonly Waiting[];
}

/** What the shell knows and the journal does not. */
export interface Surroundings {
  /** The worker that holds the run's coroutine. */
  readonly holder?: string;
  /** Does anybody serve this queue, and know this workflow or task? */
  serves(queue: string, name: string, kind: "workflow" | "task"): "yes" | "unknown-name" | "nobody";
}
