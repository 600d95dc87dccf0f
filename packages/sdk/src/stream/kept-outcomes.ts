/**
 * What this process has done and nobody has acknowledged. When a server dies between a step's end
 * and its commit, the run is activated anew and its code asks for the step again: then what the
 * step gave is told once more, and its function is not run.
 *
 * K1  An outcome is kept from its first telling until the journal is seen to hold it.
 * K2  It is found under the same run, key and attempt only; a remote step's result also for a
 *     later attempt, when it had succeeded: the attempt was lost with its server, the work was not.
 * K3  It is bounded: the oldest outcomes are forgotten first, and such a step runs again
 *     (`maybeRan`).
 */
import type { ClaimedTask } from "@perdure/engine";
import type { Command, RunEvent, RunId, StepResult, StepToken } from "@perdure/kernel";
import type { LocalOutcome } from "../runtime/world.ts";
import { streamLimits } from "./limits.ts";

interface Kept {
  readonly attempt: number;
  readonly bytes: number;
  readonly local?: LocalOutcome;
  readonly result?: StepResult;
}

export class KeptOutcomes {
  readonly #limits: { readonly keptOutcomes: number; readonly keptBytes: number };
  /** By run and key, the oldest first. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(
    limits: { readonly keptOutcomes: number; readonly keptBytes: number } = streamLimits,
  ) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** These commands leave. */
  told(runId: RunId, commands: readonly Command[]): void {
    for (const command of commands) {
      if (command.type !== "step.complete" && command.type !== "step.fail") continue;
      const { key, attempt } = command;
      const bytes = command.type === "step.complete" ? command.output.data.length : 0;
      this.#keep(nameOf(runId, key), { attempt, bytes, local: command });
    }
  }

  /** These events are on disk (K1). */
  recorded(runId: RunId, events: readonly RunEvent[]): void {
    if (this.#kept.size === 0) return;
    for (const event of events) {
      if (event.kind !== "step.completed" && event.kind !== "step.failed") continue;
      const name = nameOf(runId, event.key);
      const kept = this.#kept.get(name);
      if (kept?.local !== undefined && kept.attempt <= event.attempt) this.#forget(name);
    }
  }

  /** What the attempt gave, if it has run in this process. */
  readonly local = (runId: RunId, key: string, attempt: number): LocalOutcome | undefined => {
    const kept = this.#kept.get(nameOf(runId, key));
    return kept?.attempt === attempt ? kept.local : undefined;
  };

  /** A remote step's result leaves. */
  ended({ runId, key, attempt }: StepToken, result: StepResult): void {
    const bytes = result.type === "completed" ? result.output.data.length : 0;
    this.#keep(nameOf(runId, key), { attempt, bytes, result });
  }

  /** The server has it, or does not want it. */
  settled({ runId, key, attempt }: StepToken): void {
    const name = nameOf(runId, key);
    if (this.#kept.get(name)?.attempt === attempt) this.#forget(name);
  }

  /** What a remote step gave whose result was not acknowledged (K2). */
  result({ token: { runId, key, attempt }, maybeRan }: ClaimedTask): StepResult | undefined {
    const kept = this.#kept.get(nameOf(runId, key));
    if (kept?.result === undefined) return undefined;
    if (kept.attempt === attempt) return kept.result;
    return maybeRan && kept.result.type === "completed" ? kept.result : undefined;
  }

  #keep(name: string, kept: Kept): void {
    this.#forget(name);
    this.#kept.set(name, kept);
    this.#bytes += kept.bytes;
    const { keptOutcomes, keptBytes } = this.#limits;
    while (this.#kept.size > keptOutcomes || this.#bytes > keptBytes) {
      const [oldest] = this.#kept.keys();
      if (oldest === undefined) return;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    this.#kept.delete(name);
    this.#bytes -= kept.bytes;
  }
}

function nameOf(runId: RunId, key: string): string {
  return `${runId}/${key}`;
}
