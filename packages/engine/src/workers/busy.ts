/** What keeps a worker from taking more: for `why`. */
import type { BusyWorker } from "@perdure/kernel";
import type { Bucket } from "./bucket.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

/** Of what a busy worker has, so much is named. */
const NAMED = 3;

/** Undefined: it does not serve the queue, or has room. */
export function busyWith(
  worker: RegisteredWorker,
  queue: string,
  kind: Bucket["kind"],
): BusyWorker | undefined {
  const { options, holds, parked, tasks, lent } = worker;
  if (!options.queues.some(({ name }) => name === queue)) return undefined;
  const isFull = kind === "workflow" ? !worker.hasRunRoom : !worker.hasTaskRoom;
  if (!isFull) return undefined;
  const has: string[] = [...(lent?.work(kind) ?? [])];
  if (kind === "workflow") {
    for (const runId of holds.keys()) if (!parked.has(runId)) has.push(runId);
  } else {
    for (const { token } of tasks.values()) has.push(`${token.runId} in the step "${token.key}"`);
  }
  return { worker: worker.worker.id, slots: has.length, has: has.slice(0, NAMED) };
}
