/** A durable timer. */
import type { RunEvent } from "@perdure/kernel";
import type { CancelledError } from "../errors.ts";
import type { Fiber } from "./fiber.ts";
import { Operation } from "./operation.ts";
import type { Scope } from "./scope.ts";

export class Timer extends Operation<void> {
  readonly #key: string;

  constructor(fiber: Fiber, scope: Scope, fireAt: number, name = "sleep") {
    super(fiber, scope);
    this.#key = fiber.operations.keyFor(name);
    const isRecorded = fiber.ask("timer", this.#key);
    fiber.operations.open(this.#key, this);
    if (isRecorded) return;
    fiber.command({ type: "timer.start", key: this.#key, ordinal: fiber.asked, name, fireAt });
  }

  apply(event: RunEvent): boolean {
    if (event.kind !== "timer.fired") return false;
    this.fiber.operations.close(this.#key);
    return this.resolve();
  }

  cancel(error: CancelledError): void {
    this.fiber.operations.close(this.#key);
    if (!this.fiber.history.isSettled(this.#key)) {
      this.fiber.command({ type: "timer.cancel", key: this.#key });
    }
    this.reject(error);
  }
}
