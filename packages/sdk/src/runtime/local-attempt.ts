/** One execution of a local step's function, and what the function is told. */
import { FailureCode } from "@perdure/kernel";
import type { StepContext } from "../ctx/options.ts";
import { TimeoutError } from "../errors.ts";
import type { Fiber } from "./fiber.ts";
import { within } from "./tracer.ts";
import type { StepFunction } from "./world.ts";

export class LocalAttempt implements StepContext {
  readonly key: string;
  readonly attempt: number;
  readonly maybeRan: boolean;
  /** When it began, ms since epoch. */
  since = 0;
  readonly #fiber: Fiber;
  /** Made when somebody asks for it: most steps do not. */
  #controller: AbortController | undefined;
  #abortedFor: Error | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(fiber: Fiber, key: string, attempt: number, maybeRan: boolean) {
    this.#fiber = fiber;
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

  /** Calls `done` or `failed`, at once when `fn` is synchronous. */
  run(
    { name, fn }: { readonly name: string; readonly fn: StepFunction },
    timeoutMs: number | undefined,
    done: (value: unknown) => void,
    failed: (error: unknown) => void,
  ): void {
    const { key, attempt, maybeRan } = this;
    const { trace } = this.#fiber;
    const span = trace.attempt({ kind: "step", name, key, attempt, maybeRan });
    if (!span) return this.#run(fn, timeoutMs, done, failed);
    const { leave } = this.#fiber.world;
    this.#run(
      (step) => within(span, () => fn(step)),
      timeoutMs,
      (value) => {
        leave(() => span.end());
        done(value);
      },
      (error) => {
        leave(() => span.end(error));
        failed(error);
      },
    );
  }

  #run(
    fn: StepFunction,
    timeoutMs: number | undefined,
    done: (value: unknown) => void,
    failed: (error: unknown) => void,
  ): void {
    const { world } = this.#fiber;
    let result: unknown;
    try {
      result = world.leave(() => {
        this.since = world.env.now();
        return fn(this);
      });
    } catch (error) {
      return failed(error);
    }
    if (!isThenable(result)) return done(result);
    if (timeoutMs !== undefined) {
      this.#stopTimer = world.leave(() =>
        world.env.after(timeoutMs, () => {
          const error = new TimeoutError(
            `the attempt took longer than ${timeoutMs} ms; it may have acted`,
            FailureCode.startToClose,
          );
          this.abort(error);
          failed(error);
        }),
      );
    }
    void this.#await(result, done, failed);
  }

  async #await(
    result: PromiseLike<unknown>,
    done: (value: unknown) => void,
    failed: (error: unknown) => void,
  ): Promise<void> {
    let value: unknown;
    try {
      value = await result;
    } catch (error) {
      this.#stopTimer?.();
      return failed(error);
    }
    this.#stopTimer?.();
    done(value);
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
