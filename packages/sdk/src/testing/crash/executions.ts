/**
 * What the functions of steps and tasks have done in one scenario: when they ran, whether they
 * acted, and whether they looked at the key that makes a second time harmless.
 */
import type { StepContext } from "../../ctx/options.ts";
import type { AnyTask, TaskContext } from "../../define/task.ts";
import { PermanentError } from "../../errors.ts";
import type { StepFunction } from "../../runtime/world.ts";
import { isTransaction } from "../../transaction/transact.ts";
import { baseOf } from "../check/edits.ts";

export interface Execution {
  /** The step in its run; the same in every scenario. */
  readonly id: string;
  readonly workflow: string;
  readonly runId: string;
  readonly key: string;
  readonly kind: "step" | "task";
  readonly attempt: number;
  isKeyed: boolean;
  /** Its function came to a good end, whether or not anybody heard of it. */
  hasActed: boolean;
  error?: Error;
}

/** Faults that a scenario has in store for a step. */
export interface StepFaults {
  /** The process dies when this step has acted for the first time. */
  readonly gap?: string | undefined;
  /** This step fails for good. */
  readonly fail?: string | undefined;
}

export const INJECTED = "crash-test";

const undoPrefix = "undo:";

/** The step that an undo takes back. */
export function undoneBy(key: string): string | undefined {
  return key.startsWith(undoPrefix) ? key.slice(undoPrefix.length) : undefined;
}

export class Executions {
  readonly all: Execution[] = [];
  readonly #faults: StepFaults;
  readonly #kill: () => void;
  readonly #runs = new Map<string, number>();
  #inProgress = 0;
  #hasKilled = false;

  constructor(faults: StepFaults, kill: () => void) {
    this.#faults = faults;
    this.#kill = kill;
  }

  get inProgress(): number {
    return this.#inProgress;
  }

  step(workflow: string, fn: StepFunction): StepFunction {
    return (context) => {
      const { idempotencyKey, key, attempt } = context;
      const runId = idempotencyKey.slice(0, idempotencyKey.indexOf(":"));
      const execution = this.#open({ workflow, runId, key, attempt, kind: "step" });
      execution.isKeyed = isTransaction(fn);
      return this.#run(execution, () => fn(watched(context, execution)));
    };
  }

  task(task: AnyTask): AnyTask {
    const run = (input: unknown, context: TaskContext) => {
      const { idempotencyKey, attempt } = context;
      const colon = idempotencyKey.indexOf(":");
      const runId = idempotencyKey.slice(0, colon);
      const key = idempotencyKey.slice(colon + 1);
      const execution = this.#open({ workflow: "", runId, key, attempt, kind: "task" });
      return this.#run(execution, () => task.code.run(input, watchedTask(context, execution)));
    };
    return { ...task, code: { ...task.code, run } };
  }

  #open(facts: Omit<Execution, "id" | "isKeyed" | "hasActed">): Execution {
    const { runId, key } = facts;
    const number = this.#runs.get(runId) ?? this.#runs.size;
    this.#runs.set(runId, number);
    const execution = { ...facts, id: `${number}/${key}`, isKeyed: false, hasActed: false };
    this.all.push(execution);
    return execution;
  }

  #run(execution: Execution, fn: () => unknown): unknown {
    if (this.#faults.fail === execution.id) {
      const name = baseOf(execution.key);
      throw new PermanentError(`the crash test lets "${name}" fail for good`, { code: INJECTED });
    }
    let result: unknown;
    try {
      result = fn();
    } catch (error) {
      throw failed(execution, error);
    }
    if (!(result instanceof Promise)) return this.#acted(execution, result);
    this.#inProgress += 1;
    return result
      .then(
        (value) => this.#acted(execution, value),
        (error: unknown) => {
          throw failed(execution, error);
        },
      )
      .finally(() => {
        this.#inProgress -= 1;
      });
  }

  /** It has acted; in the gap nobody will ever hear of it. */
  #acted(execution: Execution, value: unknown): unknown {
    execution.hasActed = true;
    if (this.#faults.gap !== execution.id || this.#hasKilled) return value;
    this.#hasKilled = true;
    this.#kill();
    throw new Error("the process was killed here");
  }
}

function failed(execution: Execution, error: unknown): Error {
  const thrown = error instanceof Error ? error : new Error(String(error));
  execution.error = thrown;
  return thrown;
}

/** The step's context, which notes whether its key is looked at. */
function watched(step: StepContext, execution: Execution): StepContext {
  return {
    get idempotencyKey() {
      execution.isKeyed = true;
      return step.idempotencyKey;
    },
    key: step.key,
    attempt: step.attempt,
    maybeRan: step.maybeRan,
    get signal() {
      return step.signal;
    },
  };
}

function watchedTask(context: TaskContext, execution: Execution): TaskContext {
  return {
    ...context,
    get idempotencyKey() {
      execution.isKeyed = true;
      return context.idempotencyKey;
    },
  };
}
