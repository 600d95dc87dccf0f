/** What other nodes have of a worker that is registered here. */
import type { ActivationAnswer, Payload, RunId, StepResult, StepToken } from "@perdure/kernel";
import type { Lease } from "../worker.ts";

/** There is one only while something is lent, so a worker of a lone node pays nothing for it. */
export interface Lent {
  /** Slots for steps of the queue that are lent or promised. */
  tasksOf(queue: string): number;
  /** What they are, in words. */
  work(kind: "workflow" | "task"): Iterable<string>;
  /** Slots taken by attempts whose loans are over. */
  readonly orphans: number;
  /** The same as in the worker's session; each is about what a loan has, or about nothing. */
  answer(runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle: boolean): void;
  release(runId: RunId, lease: Lease): void;
  abandon(token: StepToken): void;
  has(token: StepToken): boolean;
  beat(
    token: StepToken,
    details: Payload | undefined,
  ): Promise<{ readonly cancelRequested: boolean }>;
  result(token: StepToken, result: StepResult): Promise<void>;
  /** The run is this node's now: whoever had it here has it no more. */
  yield(runId: RunId): void;
  /** The worker drains: everything is to come back. */
  recall(): void;
  /** The worker is gone, or (`isThere`) its node stops: all loans are over. */
  end(isThere: boolean): void;
  /** Coroutines and attempts that it has for others. */
  readonly holds: number;
  readonly tasks: number;
}
