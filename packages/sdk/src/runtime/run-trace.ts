/** What one fiber tells the tracer. A tracer is not workflow code, so it is called outside of it. */
import type { Command, RunSpec } from "@perdure/kernel";
import { errorOf } from "../failures.ts";
import type { HoldOutcome, TracedAttempt, TracedHold, TracedRun, TracerSpan } from "./tracer.ts";
import type { World } from "./world.ts";

type TracedWorld = Pick<World, "env" | "leave" | "tracer">;

export class RunTrace {
  readonly #world: TracedWorld;
  readonly #run: TracedRun;
  readonly #hold: TracedHold | undefined;

  constructor(world: TracedWorld, spec: RunSpec) {
    const { runId, workflow, namespace, parent, headers } = spec;
    this.#world = world;
    this.#run = {
      runId,
      workflow,
      namespace,
      ...(parent === undefined ? {} : { parent: parent.runId }),
      ...(headers === undefined ? {} : { headers }),
    };
    this.#hold = world.leave(() => world.tracer?.hold?.(this.#run, world.env.now()));
  }

  run(code: () => void): void {
    if (this.#hold) this.#hold.run(code);
    else code();
  }

  span(name: string): TracerSpan | undefined {
    const { leave, tracer } = this.#world;
    return leave(() => (this.#hold ? this.#hold.span(name) : tracer?.start(name, this.#run)));
  }

  attempt(attempt: TracedAttempt): TracerSpan | undefined {
    return this.#world.leave(() => this.#hold?.attempt(attempt));
  }

  end(outcome: HoldOutcome, error?: unknown): void {
    this.#world.leave(() => this.#hold?.end(outcome, error));
  }

  /** A closed run is only replayed: its end has been told. */
  finished(command: Command, wasClosed: boolean): void {
    if (wasClosed) return;
    if (command.type === "run.fail") this.end("failed", errorOf(command.failure));
    else if (command.type === "run.cancel") this.end("cancelled");
    else this.end(command.type === "run.continue" ? "continued" : "completed");
  }
}
