/**
 * What the server is told of local steps that take long, so that `why` names them: once when a step
 * has been running for a while, and once when it no longer is. Short ones cost nothing.
 */
import type { Env, Lease } from "@perdure/engine";
import type { RunId } from "@perdure/kernel";
import type { WorkerMessage } from "@perdure/wire";
import type { LocalWork } from "../worker/worker.ts";
import { streamLimits } from "./limits.ts";

type News = Extract<WorkerMessage, { type: "doing" }>;

export interface StepNewsParts {
  readonly env: Env;
  readonly work: () => Iterable<LocalWork>;
  readonly tell: (news: News) => void;
}

export class StepNews {
  readonly #parts: StepNewsParts;
  /** What the server believes. */
  #told = new Map<RunId, LocalWork>();
  #cancel: () => void;

  constructor(parts: StepNewsParts) {
    this.#parts = parts;
    this.#cancel = parts.env.after(streamLimits.longStepMs / 2, this.#look);
  }

  stop(): void {
    this.#cancel();
  }

  readonly #look = (): void => {
    const { env, work } = this.#parts;
    const before = this.#told;
    this.#told = new Map();
    for (const one of work()) {
      const forMs = env.now() - one.since;
      if (forMs < streamLimits.longStepMs) continue;
      if (this.#told.size >= streamLimits.longSteps) break;
      this.#told.set(one.runId, one);
      const known = before.get(one.runId);
      before.delete(one.runId);
      if (known === undefined || !isSame(known, one))
        this.#tell(one.runId, one.lease, one.key, forMs);
    }
    for (const { runId, lease } of before.values()) this.#tell(runId, lease);
    this.#cancel = env.after(streamLimits.longStepMs / 2, this.#look);
  };

  #tell(runId: RunId, lease: Lease, key?: string, forMs?: number): void {
    const step = key === undefined || forMs === undefined ? undefined : { key, forMs };
    this.#parts.tell({ type: "doing", runId, lease, ...(step === undefined ? {} : { step }) });
  }
}

function isSame(a: LocalWork, b: LocalWork): boolean {
  return a.lease === b.lease && a.key === b.key && a.since === b.since;
}
