/** A child run whose outcome the code awaits. */
import { FailureCode, type CallTarget, type Failure, type Outcome } from "@perdure/kernel";
import type { ParentClosePolicy, RunEvent, RunId } from "@perdure/kernel";
import { ChildError, type CancelledError } from "../errors.ts";
import { errorOf } from "../failures.ts";
import { decode } from "../payload.ts";
import type { Fiber } from "./fiber.ts";
import { Operation } from "./operation.ts";
import type { Scope } from "./scope.ts";

export class Call extends Operation<unknown> {
  readonly #key: string;
  readonly #target: CallTarget;
  #runId = "" as RunId;
  #cancelled: CancelledError | undefined;

  constructor(fiber: Fiber, scope: Scope, target: CallTarget, onParentClose: ParentClosePolicy) {
    super(fiber, scope);
    this.#target = target;
    this.#key = fiber.operations.keyFor(target.workflow);
    const isRecorded = fiber.ask("call", this.#key, target.workflow);
    fiber.operations.open(this.#key, this);
    if (isRecorded) return;
    const opening = { key: this.#key, ordinal: fiber.asked };
    fiber.command({ type: "call.start", target, onParentClose, ...opening });
  }

  apply(event: RunEvent): boolean {
    switch (event.kind) {
      case "call.scheduled":
      case "call.started":
        this.#runId = event.runId;
        return false;
      case "call.closed":
        this.fiber.operations.close(this.#key);
        return this.#closed(event.outcome);
      default:
        return false;
    }
  }

  /** The child is asked to stop; the call is over when the child is. */
  cancel(error: CancelledError): void {
    this.#cancelled = error;
    if (this.fiber.history.isSettled(this.#key)) return;
    this.fiber.command({ type: "call.cancel", key: this.#key });
  }

  #closed(outcome: Outcome): true {
    switch (outcome.status) {
      case "completed":
        return this.resolve(decode(outcome.output));
      case "continued":
        return this.#fail(outcome.status, {
          code: FailureCode.notFound,
          message: `it went on as run ${outcome.runId}, whose end was not told`,
        });
      case "cancelled":
        if (this.#cancelled) return this.reject(this.#cancelled);
        return this.#fail(outcome.status, outcome.failure);
      default:
        return this.#fail(outcome.status, outcome.failure);
    }
  }

  #fail(status: string, failure: Failure): true {
    const child = { workflow: this.#target.workflow, runId: this.#runId, status };
    return this.reject(new ChildError(child, failure, errorOf(failure)));
  }
}
