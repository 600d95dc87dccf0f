/**
 * A wait for a signal, an event or a promise that somebody else keeps.
 *
 * A message that does not fit the schema is not what was waited for: the wait is asked for again,
 * with the same deadline, and the log says so.
 */
import { nameOfWait } from "@perdure/kernel";
import type { Payload, RunEvent, RunEventOf, WaitFor } from "@perdure/kernel";
import { TimeoutError, type CancelledError } from "../errors.ts";
import { errorOf } from "../failures.ts";
import { decode } from "../payload.ts";
import { validate, type Schema } from "../schema.ts";
import type { Fiber } from "./fiber.ts";
import { Operation } from "./operation.ts";
import type { Scope } from "./scope.ts";

export interface WaitTerms {
  readonly schema?: Schema | undefined;
  /** Ms since epoch. */
  readonly deadline?: number | undefined;
  /** Present: the result in place of a `TimeoutError`. */
  readonly onTimeout?: { readonly value: unknown } | undefined;
}

export class Wait extends Operation<unknown> {
  readonly #name: string;
  readonly #on: (key: string) => WaitFor;
  readonly #terms: WaitTerms;
  #key = "";

  /** `on` may depend on the key: a promise's name is its key. */
  constructor(
    fiber: Fiber,
    scope: Scope,
    name: string,
    on: (key: string) => WaitFor,
    terms: WaitTerms,
  ) {
    super(fiber, scope);
    this.#name = name;
    this.#on = on;
    this.#terms = terms;
    this.#ask();
  }

  get key(): string {
    return this.#key;
  }

  apply(event: RunEvent): boolean {
    if (event.kind === "wait.resolved") return this.#resolved(event);
    if (event.kind !== "wait.timedOut") return false;
    this.fiber.operations.close(this.#key);
    const { onTimeout } = this.#terms;
    if (onTimeout) return this.resolve(onTimeout.value);
    return this.reject(new TimeoutError(`nothing came for "${this.#name}" in time`));
  }

  cancel(error: CancelledError): void {
    this.fiber.operations.close(this.#key);
    if (!this.fiber.history.isSettled(this.#key)) {
      this.fiber.command({ type: "wait.cancel", key: this.#key });
    }
    this.reject(error);
  }

  #ask(): void {
    const { fiber } = this;
    this.#key = fiber.operations.keyFor(this.#name);
    const on = this.#on(this.#key);
    const isRecorded = fiber.ask("wait", this.#key, `${on.type} ${nameOfWait(on)}`);
    fiber.operations.open(this.#key, this);
    if (isRecorded) return;
    const { deadline } = this.#terms;
    fiber.command({
      type: "wait.start",
      key: this.#key,
      ordinal: fiber.asked,
      on,
      ...(deadline === undefined ? {} : { deadline }),
    });
  }

  #resolved(event: RunEventOf<"wait.resolved">): boolean {
    this.fiber.operations.close(this.#key);
    const signal = event.signal === undefined ? undefined : this.fiber.inbox.take(event.signal);
    if (signal?.failure) return this.reject(errorOf(signal.failure));
    return this.#receive(signal ? signal.payload : event.payload);
  }

  #receive(payload: Payload | undefined): boolean {
    const { schema } = this.#terms;
    let value: unknown;
    try {
      value = decode(payload);
      if (schema) value = validate(schema, value, `what came for "${this.#name}"`);
    } catch (error) {
      if (!this.fiber.isReplaying) {
        this.fiber.world.log("warn", error instanceof Error ? error.message : String(error), {
          runId: this.fiber.runId,
        });
      }
      this.#ask();
      return false;
    }
    return this.resolve(value);
  }
}
