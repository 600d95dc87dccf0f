/** A step that a worker of a task queue runs. The kernel keeps its attempts; the code waits. */
import type { Failure, RunEvent, TaskSpec } from "@perdure/kernel";
import type { Undo } from "../ctx/options.ts";
import { CancelledError, StepError } from "../errors.ts";
import { errorOf } from "../failures.ts";
import { decode } from "../payload.ts";
import type { Fiber } from "./fiber.ts";
import { Operation } from "./operation.ts";
import type { Scope } from "./scope.ts";

export class RemoteStep extends Operation<unknown> {
  override readonly hasUndo: boolean;
  readonly #key: string;
  readonly #spec: TaskSpec;
  readonly #undo: Undo<never> | undefined;
  #attempt = 1;
  #cancelled: CancelledError | undefined;

  constructor(fiber: Fiber, scope: Scope, spec: TaskSpec, undo: Undo<never> | undefined) {
    super(fiber, scope);
    this.#key = fiber.operations.keyFor(spec.task);
    this.#spec = spec;
    this.#undo = undo;
    this.hasUndo = undo !== undefined;
  }

  ask(): void {
    const { fiber } = this;
    const isRecorded = fiber.ask("task", this.#key, this.#spec.task);
    fiber.operations.open(this.#key, this);
    if (isRecorded) return;
    const name = this.#spec.task;
    const opening = { key: this.#key, ordinal: fiber.asked };
    fiber.command({ type: "step.schedule", name, spec: this.#spec, ...opening });
  }

  apply(event: RunEvent): boolean {
    switch (event.kind) {
      case "step.failed":
        this.#attempt = event.attempt;
        return false;
      case "step.completed":
        return this.#succeed(decode(event.output));
      case "step.abandoned":
        this.fiber.operations.close(this.#key);
        return this.reject(this.#errorFor(event.failure));
      case "step.cancelled":
        this.fiber.operations.close(this.#key);
        return this.reject(this.#cancelled ?? new CancelledError());
      default:
        return false;
    }
  }

  /** Its worker is asked to stop; the step is over when the worker has said how it ended. */
  cancel(error: CancelledError): void {
    this.#cancelled = error;
    if (this.fiber.history.isSettled(this.#key)) return;
    this.fiber.command({ type: "step.cancel", key: this.#key });
  }

  #succeed(value: unknown): true {
    this.fiber.operations.close(this.#key);
    if (this.#undo) this.fiber.saga.add(this.#key, this.#undo, value as never);
    return this.resolve(value);
  }

  #errorFor(failure: Failure): Error {
    const step = { name: this.#spec.task, key: this.#key, attempt: this.#attempt };
    return new StepError(step, failure, errorOf(failure));
  }
}
