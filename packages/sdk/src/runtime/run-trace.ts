/** What one fiber tells the tracer. A tracer is not workflow code, so it is called outside of it. */
import type { Command, RunSpec } from "@perdure/kernel";
import { errorOf } from "../failures.ts";
import type { HoldOutcome, TracedAttempt, TracedHold, TracedRun, TracerSpan } from "./tracer.ts";
import type { World } from "./world.ts";

type TracedWorld = Pick<World, "env" | "leave" | "tracer">;

export class RunTrace {
  readonly #world: TracedWorld;
  readonly #spec: RunSpec;
  readonly #hold: TracedHold | undefined;

  constructor(world: TracedWorld, spec: RunSpec) {
    const { tracer, leave, env } = world;
    this.#world = world;
    this.#spec = spec;
    if (tracer?.hold) this.#hold = leave(() => tracer.hold?.(tracedRun(spec), env.now()));
  }

  run(code: () => void): void {
    if (this.#hold) this.#hold.run(code);
    else code();
  }

  span(name: string): TracerSpan | undefined {
    const { leave, tracer } = this.#world;
    return leave(() =>
      this.#hold ? this.#hold.span(name) : tracer?.start(name, tracedRun(this.#spec)),
    );
  }

  attempt(attempt: TracedAttempt): TracerSpan | undefined {
    const hold = this.#hold;
    return hold && this.#world.leave(() => hold.attempt(attempt));
  }

  end(outcome: HoldOutcome, error?: unknown): void {
    const hold = this.#hold;
    if (hold) this.#world.leave(() => hold.end(outcome, error));
  }

  /** A closed run is only replayed: its end has been told. */
  finished(command: Command, wasClosed: boolean): void {
    if (wasClosed) return;
    if (command.type === "run.fail") this.end("failed", errorOf(command.failure));
    else if (command.type === "run.cancel") this.end("cancelled");
    else this.end(command.type === "run.continue" ? "continued" : "completed");
  }
}

function tracedRun({ runId, workflow, namespace, parent, headers }: RunSpec): TracedRun {
  return {
    runId,
    workflow,
    namespace,
    ...(parent === undefined ? {} : { parent: parent.runId }),
    ...(headers === undefined ? {} : { headers }),
  };
}
