/** What a worker gives to its fibers. */
import type { Env } from "@perdure/engine";
import type { ActivationAnswer, CommandOf, RunId } from "@perdure/kernel";
import type { LogSink } from "../ctx/log.ts";
import type { StepContext } from "../ctx/options.ts";
import type { Fiber } from "./fiber.ts";
import type { Observer } from "./observer.ts";
import type { Tracer } from "./tracer.ts";

/** How an attempt of a local step ended, as its command told it. */
export type LocalOutcome = CommandOf<"step.complete" | "step.fail">;

export type StepFunction = (step: StepContext) => unknown;

export interface World {
  readonly env: Env;
  readonly log: LogSink;
  readonly tracer: Tracer | undefined;
  /** Runs workflow code, marked for the guard. */
  readonly enter: <T>(fiber: Fiber, code: () => T) => T;
  /** Runs what is not workflow code, though it was called by it. */
  readonly leave: <T>(code: () => T) => T;
  /** The fiber has something to apply or to say. */
  readonly wake: (fiber: Fiber) => void;
  readonly answer: (fiber: Fiber, answer: ActivationAnswer) => void;
  /** A step's function replaced by name, in tests. */
  readonly stepFor: (workflow: string, name: string, fn: StepFunction) => StepFunction;
  readonly observer?: Observer | undefined;
  /** What the attempt gave, when it has run in this process and the journal may not know of it. */
  readonly recall?:
    | ((runId: RunId, key: string, attempt: number) => LocalOutcome | undefined)
    | undefined;
}
