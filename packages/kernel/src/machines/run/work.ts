/**
 * What a run wants of workers, read off its state. The shell asks after every batch and after a
 * restart, so nothing about dispatching has to be stored (invariant 8).
 */
import type { RunState, StepOperation } from "./state.ts";

/** The code has something to see and may run now. */
export function wantsActivation(state: RunState): boolean {
  return (
    state.wakeSeq > state.through &&
    state.begun &&
    state.spec !== undefined &&
    state.outcome === undefined &&
    state.paused === undefined &&
    state.activationRetryAt === undefined
  );
}

export interface OfferedTask {
  readonly key: string;
  readonly attempt: number;
  readonly queue: string;
  readonly task: string;
  readonly priority?: number;
  readonly fairnessKey?: string;
}

export interface RunningTask {
  readonly key: string;
  readonly attempt: number;
  readonly worker: string;
}

export interface Work {
  readonly activation: boolean;
  readonly tasks: readonly OfferedTask[];
}

/** The activation and the attempts that may be handed out now. */
export function work(state: RunState): Work {
  const tasks: OfferedTask[] = [];
  if (!state.paused) {
    for (const operation of state.operations.values()) {
      if (operation.type === "step") offerOf(operation, tasks);
    }
  }
  return { activation: wantsActivation(state), tasks };
}

function offerOf(step: StepOperation, tasks: OfferedTask[]): void {
  if (!step.spec || step.phase !== "pending") return;
  const { queue, task, priority, fairnessKey } = step.spec;
  tasks.push({
    key: step.key,
    attempt: step.attempt,
    queue,
    task,
    ...(priority === undefined ? {} : { priority }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
  });
}

/** Attempts that workers have. */
export function running(state: RunState): readonly RunningTask[] {
  const tasks: RunningTask[] = [];
  for (const operation of state.operations.values()) {
    if (operation.type !== "step" || operation.phase !== "running") continue;
    if (operation.worker === undefined) continue;
    const { key, attempt, worker } = operation;
    tasks.push({ key, attempt, worker });
  }
  return tasks;
}
