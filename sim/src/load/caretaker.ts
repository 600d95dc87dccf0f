/**
 * After the faults: a person who goes through the open runs and does what `why` says could be
 * done. With their help every run must come to its end.
 */
import { isSignalled, PerdureError, signalNameOf, type WaitFor } from "@perdure/kernel";
import type { EngineClient } from "@perdure/engine";
import type { Cluster } from "../cluster/cluster.ts";
import type { Parts } from "../cluster/parts.ts";
import type { ShadowRun } from "../checks/shadow.ts";
import { Process } from "../world/process.ts";
import { Caller } from "./caller.ts";
import { payloadOf } from "./payloads.ts";
import type { LoadRecord } from "./record.ts";

const EVERY_MS = 500;

export class Caretaker {
  readonly #parts: Parts;
  readonly #record: LoadRecord;
  readonly #caller: Caller;
  #deeds = 0;

  constructor(parts: Parts, cluster: Cluster, record: LoadRecord) {
    this.#parts = parts;
    this.#record = record;
    const process = new Process(parts.world, "caretaker", parts.prng, () => undefined);
    this.#caller = new Caller(parts, cluster, process);
  }

  start(): void {
    this.#parts.world.after(EVERY_MS, () => {
      this.#round()
        .catch((error: unknown) => this.#parts.violations.report("client", String(error)))
        .finally(() => this.start());
    });
  }

  async #round(): Promise<void> {
    for (const run of this.#parts.shadow.runs()) {
      if (run.state.outcome !== undefined) continue;
      if (run.state.paused !== undefined) await this.#ask((client) => client.resume(run.runId));
      for (const operation of run.state.operations.values()) {
        if (operation.type === "wait" && isSignalled(operation.on)) {
          await this.#signal(run, operation.on);
        }
      }
    }
  }

  async #signal(
    { runId }: ShadowRun,
    on: Extract<WaitFor, { type: "signal" | "promise" }>,
  ): Promise<void> {
    this.#deeds += 1;
    const isPromise = on.type === "promise";
    const value = isPromise ? "kept" : `care-${this.#deeds}`;
    if (!isPromise) this.#record.signal(on.name, value);
    const name = signalNameOf(on);
    const signal = { name, id: `care-${this.#deeds}`, payload: payloadOf(value) };
    await this.#ask((client) => client.signal({ runId }, signal));
  }

  /** The run may have ended meanwhile. */
  async #ask(ask: (client: EngineClient) => Promise<void>): Promise<void> {
    try {
      await this.#caller.attempt(ask);
    } catch (error) {
      if (!(error instanceof PerdureError) || error.code === "internal") throw error;
    }
  }
}
