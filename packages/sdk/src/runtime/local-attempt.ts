/** One execution of a local step's function, and what the function is told. */
import { FailureCode } from "@perdure/kernel";
import type { StepContext } from "../ctx/options.ts";
import { TimeoutError } from "../errors.ts";
import type { Fiber } from "./fiber.ts";
import { within, type TracerSpan } from "./tracer.ts";
import type { StepFunction } from "./world.ts";

/** Whose attempt it is: hears how it ended, at once when the step's function is synchronous. */
export interface AttemptOwner {
  attemptSucceeded(attempt: LocalAttempt, value: unknown): void;
  attemptFailed(attempt: LocalAttempt, error: unknown): void;
}

export class LocalAttempt implements StepContext {
  readonly key: string;
  readonly attempt: number;
  readonly maybeRan: boolean;
  /** When it began, ms since epoch. */
  since = 0;
  readonly #fiber: Fiber;
  readonly #owner: AttemptOwner;
  /** Made when somebody asks for it: most steps do not. */
  #controller: AbortController | undefined;
  #abortedFor: Error | undefined;
  #stopTimer: (() => void) | undefined;
  #span: TracerSpan | undefined;

  constructor(
    fiber: Fiber,
    owner: AttemptOwner,
    { key, attempt, maybeRan }: Pick<LocalAttempt, "key" | "attempt" | "maybeRan">,
  ) {
    this.#fiber = fiber;
    this.#owner = owner;
    this.key = key;
    this.attempt = attempt;
    this.maybeRan = maybeRan;
  }

  /** A fork is another run, and its steps have keys of their own. */
  get idempotencyKey(): string {
    return `${this.#fiber.runId}:${this.key}`;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abortedFor) this.#controller.abort(this.#abortedFor);
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#abortedFor ??= reason;
    this.#controller?.abort(reason);
  }

  run(name: string, fn: StepFunction, timeoutMs: number | undefined): void {
    const { key, attempt, maybeRan } = this;
    const { trace, world } = this.#fiber;
    const span = trace.attempt({ kind: "step", name, key, attempt, maybeRan });
    this.#span = span;
    let result: unknown;
    try {
      result = world.leave(() => {
        this.since = world.env.now();
        return span ? within(span, () => fn(this)) : fn(this);
      });
    } catch (error) {
      return this.#failed(error);
    }
    if (!isThenable(result)) return this.#succeeded(result);
    if (timeoutMs !== undefined) this.#limit(timeoutMs);
    void this.#await(result);
  }

  #limit(timeoutMs: number): void {
    const { world } = this.#fiber;
    this.#stopTimer = world.leave(() =>
      world.env.after(timeoutMs, () => {
        const error = new TimeoutError(
          `the attempt took longer than ${timeoutMs} ms; it may have acted`,
          FailureCode.startToClose,
        );
        this.abort(error);
        this.#failed(error);
      }),
    );
  }

  async #await(result: PromiseLike<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      this.#stopTimer?.();
      return this.#failed(error);
    }
    this.#stopTimer?.();
    this.#succeeded(value);
  }

  #succeeded(value: unknown): void {
    const span = this.#span;
    if (span) this.#fiber.world.leave(() => span.end());
    this.#owner.attemptSucceeded(this, value);
  }

  #failed(error: unknown): void {
    const span = this.#span;
    if (span) this.#fiber.world.leave(() => span.end(error));
    this.#owner.attemptFailed(this, error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
