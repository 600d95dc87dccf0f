/**
 * A step that runs inside of the activation.
 *
 * L1  Its function begins only when nothing recorded is left to replay and all results of `sync` steps
 *     that the code has seen are on disk; in `sync`, its recorded values as well. A repeated attempt
 *     sees the same inputs.
 * L2  Its promise does not wait for the disk: it resolves in the next turn, and in `async` and
 *     `exit`, where the function is synchronous, at once. The journal says where (history H3).
 * L3  Further attempts are the kernel's to decide: `step.started` runs one.
 * L4  A running attempt that is cancelled gets its signal aborted and still has the last word: if
 *     it succeeds, the step has succeeded, and its `undo` counts.
 * L5  An attempt that has run in this process, and whose outcome was lost with a server, is not run
 *     again: its outcome is told once more.
 */
import { FailureCode, noRetry, type Failure, type Payload, type RunEvent } from "@perdure/kernel";
import type { RunEventOf } from "@perdure/kernel";
import type { StepOptions } from "../ctx/options.ts";
import { retryPolicy } from "../define/retry.ts";
import type { Durability } from "../define/workflow.ts";
import { durationMs } from "../duration.ts";
import { CancelledError, StepError } from "../errors.ts";
import { errorOf, failureOf } from "../failures.ts";
import { decode, encode } from "../payload.ts";
import { validate, type Schema } from "../schema.ts";
import type { Fiber } from "./fiber.ts";
import { INLINE } from "./history.ts";
import { LocalAttempt, type AttemptOwner } from "./local-attempt.ts";
import { Operation, type InProgress } from "./operation.ts";
import type { Scope } from "./scope.ts";
import type { LocalOutcome, StepFunction } from "./world.ts";

export type LocalStepOptions = StepOptions<never> & { readonly schema?: Schema };

/** `backoff`: the kernel keeps it until the next attempt. `told`: its outcome was sent. */
type Phase = "recorded" | "gated" | "running" | "backoff" | "told";

export class LocalStep extends Operation<unknown> implements AttemptOwner {
  override readonly hasUndo: boolean;
  readonly #name: string;
  readonly #key: string;
  readonly #fn: StepFunction;
  readonly #options: LocalStepOptions;
  readonly #durability: Durability;
  #ordinal = 0;
  #phase: Phase = "recorded";
  #attempt = 1;
  /** The first attempt was asked for when it may have run already. */
  #isUncertain = false;
  #isAsking = false;
  #current: LocalAttempt | undefined;
  #cancelled: CancelledError | undefined;

  constructor(
    fiber: Fiber,
    scope: Scope,
    name: string,
    fn: StepFunction,
    options: LocalStepOptions,
  ) {
    super(fiber, scope);
    this.#name = name;
    this.#key = fiber.operations.keyFor(name);
    this.#fn = fn;
    this.#options = options;
    this.#durability = options.durability ?? fiber.code.settings.durability ?? "sync";
    this.hasUndo = options.undo !== undefined;
  }

  /** L1, but for the journal. */
  get mayBegin(): boolean {
    const { unwritten } = this.fiber;
    return this.#durability === "sync" ? !unwritten.hasSeenAny : !unwritten.hasSeenResult;
  }

  override get inProgress(): InProgress | undefined {
    const attempt = this.#current;
    return this.#phase === "running" && attempt
      ? { key: this.#key, since: attempt.since }
      : undefined;
  }

  ask(): void {
    const { fiber } = this;
    const isRecorded = fiber.ask("step", this.#key, "", true);
    this.#ordinal = fiber.asked;
    fiber.operations.open(this.#key, this);
    if (isRecorded) {
      const event = fiber.history.at(this.#ordinal)?.event;
      if (event?.kind === "step.completed" && event.given === INLINE)
        this.#succeed(decode(event.output));
      return;
    }
    // Where it waits for what was never on disk, no earlier worker can have begun it.
    this.#isUncertain = fiber.isUncertain && (this.mayBegin || fiber.hasRunAhead);
    this.#phase = "gated";
    this.#isAsking = true;
    fiber.begin(this);
    this.#isAsking = false;
  }

  begin(): void {
    this.#run(1, this.#isUncertain);
  }

  apply(event: RunEvent): boolean {
    switch (event.kind) {
      case "step.completed":
        this.#attempt = event.attempt;
        return this.#succeed(decode(event.output));
      case "step.failed":
        return this.#failed(event);
      case "step.started":
        return this.#started(event);
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

  cancel(error: CancelledError): void {
    this.#cancelled = error;
    if (this.#phase === "running") this.#current?.abort(error);
    else if (this.#phase === "gated" && this.fiber.takeBack(this)) this.#giveUp(error);
    else if (this.#phase === "backoff") this.#cancelRetry();
  }

  override drop(): void {
    this.#current?.abort(new CancelledError("this worker no longer holds the run"));
    this.#current = undefined;
  }

  #cancelRetry(): void {
    if (this.fiber.history.isSettled(this.#key)) return;
    this.fiber.command({ type: "step.cancel", key: this.#key });
  }

  #failed(event: RunEventOf<"step.failed">): boolean {
    this.#attempt = event.attempt;
    this.#isUncertain ||=
      event.maybeRan === true || event.failure.code === FailureCode.startToClose;
    this.#phase = "backoff";
    if (this.#cancelled && event.retryAt !== undefined) this.#cancelRetry();
    return false;
  }

  #started(event: RunEventOf<"step.started">): boolean {
    this.#phase = "recorded";
    const { history } = this.fiber;
    // A closed run is only replayed, to answer a query: nothing in it is done any more.
    if (history.isClosed || !history.takeStart(this.#key, event.seq)) return false;
    if (this.#cancelled) this.fiber.command({ type: "step.cancel", key: this.#key });
    else this.#run(event.attempt, this.#isUncertain || this.fiber.isUncertain);
    return false;
  }

  #run(number: number, maybeRan: boolean): void {
    this.#phase = "running";
    this.#attempt = number;
    this.fiber.began();
    const { timeout } = this.#options;
    const { code, world, runId } = this.fiber;
    const known = world.recall?.(runId, this.#key, number);
    const attempt = new LocalAttempt(this.fiber, this, {
      key: this.#key,
      attempt: number,
      maybeRan: maybeRan || known?.maybeRan === true,
    });
    this.#current = attempt;
    if (known !== undefined) return this.#recall(attempt, known);
    attempt.run(
      this.#name,
      world.stepFor(code.name, this.#name, this.#fn),
      timeout === undefined ? undefined : durationMs(timeout),
    );
  }

  attemptSucceeded(attempt: LocalAttempt, value: unknown): void {
    if (!this.#ends(attempt)) return;
    this.#complete(attempt, value);
    this.fiber.touched();
  }

  attemptFailed(attempt: LocalAttempt, error: unknown): void {
    if (!this.#ends(attempt)) return;
    this.#fail(attempt, error);
    this.fiber.touched();
  }

  /** L5. */
  #recall(attempt: LocalAttempt, known: LocalOutcome): void {
    if (!this.#ends(attempt)) return;
    if (known.type === "step.fail") this.#tellFailure(attempt, known.failure);
    else {
      const { encoding, data } = known.output;
      this.#give(attempt, { encoding, data }, decode(known.output));
    }
    this.fiber.touched();
  }

  /** Late words of an attempt that timed out, or of a fiber that is over, count no more. */
  #ends(attempt: LocalAttempt): boolean {
    if (this.#current !== attempt) return false;
    this.#current = undefined;
    this.fiber.ended();
    this.#phase = "told";
    return true;
  }

  #complete(attempt: LocalAttempt, value: unknown): void {
    let output: Payload;
    let stored: unknown;
    try {
      const { schema } = this.#options;
      const what = `the result of step "${this.#key}"`;
      const checked = schema ? check(schema, value, what) : value;
      ({ payload: output, stored } = encode(checked, what));
    } catch (error) {
      return this.#fail(attempt, error);
    }
    this.#give(attempt, output, stored);
  }

  #give(attempt: LocalAttempt, output: Payload, stored: unknown): void {
    const { fiber } = this;
    const isSync = this.#durability === "sync";
    const isInline = this.#isAsking && !isSync;
    if (isSync) fiber.unwritten.tell(this.#key);
    else fiber.ranAhead(attempt.maybeRan);
    this.#tell(attempt, output, isInline ? INLINE : fiber.applied);
    if (isInline) this.#succeed(stored);
    else fiber.resolveAhead(() => this.#resolve(stored, isSync));
  }

  #resolve(stored: unknown, isSync: boolean): true {
    if (isSync) this.fiber.unwritten.see(this.#key, "result");
    return this.#succeed(stored);
  }

  #tell(attempt: LocalAttempt, output: Payload, given: number): void {
    const command = {
      type: "step.complete",
      key: this.#key,
      ordinal: this.#ordinal,
      name: this.#name,
      attempt: attempt.attempt,
      output,
      given,
    } as const;
    this.fiber.command(attempt.maybeRan ? { ...command, maybeRan: true } : command, {
      isLazy: this.#durability === "exit",
    });
  }

  #fail(attempt: LocalAttempt, error: unknown): void {
    if (!this.#cancelled) return this.#tellFailure(attempt, failureOf(error));
    // The kernel knows the step from its second attempt on.
    if (attempt.attempt === 1) this.#giveUp(this.#cancelled);
    else this.fiber.command({ type: "step.cancel", key: this.#key });
  }

  #tellFailure(attempt: LocalAttempt, failure: Failure): void {
    this.fiber.command({
      type: "step.fail",
      key: this.#key,
      ordinal: this.#ordinal,
      name: this.#name,
      attempt: attempt.attempt,
      failure,
      retry: retryPolicy(this.#options.retry, this.fiber.code.settings.retry),
      ...(attempt.maybeRan ? { maybeRan: true } : {}),
    });
  }

  /** Leaves a trace even of a step that never began: a replay must not begin it either. */
  #giveUp(error: CancelledError): void {
    this.#phase = "told";
    this.fiber.command({
      type: "step.fail",
      key: this.#key,
      ordinal: this.#ordinal,
      name: this.#name,
      attempt: 1,
      failure: { ...failureOf(error), retryable: false },
      retry: noRetry,
    });
  }

  #succeed(value: unknown): true {
    this.fiber.operations.close(this.#key);
    const { undo } = this.#options;
    if (undo) this.fiber.saga.add(this.#key, undo, value as never);
    return this.resolve(value);
  }

  #errorFor(failure: Failure): Error {
    const cause = errorOf(failure);
    if (cause instanceof CancelledError) return this.#cancelled ?? cause;
    return new StepError(
      { name: this.#name, key: this.#key, attempt: this.#attempt },
      failure,
      cause,
    );
  }
}

/** A result that does not fit may fit at the next attempt. */
function check(schema: Schema, value: unknown, what: string): unknown {
  try {
    return validate(schema, value, what);
  } catch (error) {
    throw new InvalidResult(error instanceof Error ? error.message : String(error));
  }
}

class InvalidResult extends Error {
  override readonly name = "InvalidResult";
  readonly code = "invalid-result";
}
