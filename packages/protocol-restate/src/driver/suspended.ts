/**
 * What suspended invocations await, as far as this process knows: soft, so that one which was woken
 * by something else need not be tried. Who is forgotten is tried once too often.
 */
import type { RunId } from "@perdure/kernel";
import type { Awaited } from "../projection/awaiting.ts";
import { driverLimits } from "./limits.ts";

export class SuspendedRuns {
  readonly #runs = new Map<RunId, Awaited>();

  set(runId: RunId, awaited: Awaited): void {
    this.#runs.delete(runId);
    this.#runs.set(runId, awaited);
    if (this.#runs.size <= driverLimits.suspended) return;
    for (const oldest of this.#runs.keys()) return void this.#runs.delete(oldest);
  }

  has(runId: RunId): boolean {
    return this.#runs.has(runId);
  }

  take(runId: RunId): Awaited | undefined {
    const awaited = this.#runs.get(runId);
    this.#runs.delete(runId);
    return awaited;
  }
}
