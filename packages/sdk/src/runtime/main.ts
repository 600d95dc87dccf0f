/**
 * The workflow's function, from its input to the last command.
 *
 * What is thrown ends the run: steps in progress are stopped, those that may have to be taken back
 * are waited for, and then everything that has an `undo` is undone, the last first.
 */
import { encodePayload, decode } from "../payload.ts";
import type { Context } from "../ctx/context.ts";
import { RunContext } from "../ctx/run-context.ts";
import { CancelledError } from "../errors.ts";
import { failureOf } from "../failures.ts";
import { validate } from "../schema.ts";
import type { Payload } from "@perdure/kernel";
import type { Fiber } from "./fiber.ts";

export class Main {
  readonly #fiber: Fiber;
  #fail: (error: unknown) => void = ignore;

  constructor(fiber: Fiber) {
    this.#fiber = fiber;
  }

  start(): void {
    const { world, trace } = this.#fiber;
    trace.run(() => world.enter(this.#fiber, () => void this.#run()));
  }

  fail(error: unknown): void {
    this.#fail(error);
  }

  /**
   * Plain promises: an async function for each layer costs more than all else of a small run. The end
   * must stay as many microtasks away from the code as it is: see `replay.test.ts`.
   */
  #run(): Promise<void> {
    return this.#execute().then(
      (output) => this.#fiber.finish({ type: "run.complete", output }),
      (error: unknown) => this.#failed(error),
    );
  }

  #execute(): Promise<Payload> {
    const { code, spec, root } = this.#fiber;
    const what = `workflow "${code.name}"`;
    return new Promise<unknown>((resolve, reject) => {
      this.#fail = reject;
      // `Context` is what `RunContext` is, with the types of the definition.
      const ctx = new RunContext(this.#fiber, root) as unknown as Context;
      const raw = decode(spec.input);
      const input = code.input ? validate(code.input, raw, `the input of ${what}`) : raw;
      Promise.resolve(code.run(ctx, input)).then(resolve, reject);
    }).then((result) => {
      const output = code.output ? validate(code.output, result, `the result of ${what}`) : result;
      return encodePayload(output, `the result of ${what}`);
    });
  }

  async #failed(error: unknown): Promise<void> {
    const fiber = this.#fiber;
    if (fiber.isOver) return;
    const wasCancelled = error instanceof CancelledError && fiber.root.error !== undefined;
    await this.#compensate();
    const failure = failureOf(error);
    fiber.finish(wasCancelled ? { type: "run.cancel", failure } : { type: "run.fail", failure });
  }

  async #compensate(): Promise<void> {
    const fiber = this.#fiber;
    const inProgress = fiber.operations.all().filter(({ hasUndo }) => hasUndo);
    if (fiber.saga.isEmpty && inProgress.length === 0) return;
    fiber.cancelScope(fiber.root, new CancelledError("the run is being undone"));
    await Promise.allSettled(inProgress.map(({ promise }) => promise));
    await fiber.saga.unwind();
  }
}

function ignore(): void {}
