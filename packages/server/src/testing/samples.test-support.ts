/** For every operation: a request that is right, so that what is refused is refused for its reason. */
import { operations, type Operation } from "@perdure/wire";
import type { CallOptions } from "./rig.test-support.ts";

const key = { kind: "workflow", id: "k" };
const ask = { name: "n", input: { value: 1 } };
const schedule = {
  id: "s",
  when: [{ type: "interval", everyMs: 3_600_000 }],
  policy: { overlap: "skip", catchUpMs: 0, jitterMs: 0, pauseOnFailure: false },
  workflow: "echo",
  queue: "main",
  input: { value: 1 },
};

const bodies: { readonly [O in Operation]?: unknown } = {
  "runs.start": { workflow: "echo", queue: "main", input: { value: 1 } },
  "runs.startMany": { runs: [{ workflow: "echo", queue: "main", input: { value: 1 } }] },
  "runs.signal": { name: "go" },
  "runs.cancel": {},
  "runs.terminate": {},
  "runs.pause": {},
  "runs.resume": {},
  "runs.repin": {},
  "runs.purge": {},
  "runs.fork": { at: 1 },
  "runs.query": ask,
  "runs.update": ask,
  "keys.signal": { key, name: "go" },
  "keys.cancel": { key },
  "keys.query": { key, ...ask },
  "keys.update": { key, ...ask },
  "events.publish": { event: "e", payload: { value: 1 } },
  "triggers.put": { event: "e", trigger: { id: "t", workflow: "echo", queue: "main" } },
  "schedules.put": schedule,
  "schedules.pause": { id: "s" },
  "schedules.resume": { id: "s" },
  "schedules.trigger": { id: "s" },
  "schedules.backfill": { id: "s", from: 0, to: 1 },
  "apiKeys.create": { role: "viewer" },
  "apiKeys.rotate": {},
  "transfer.import": "",
};

const queries: { readonly [O in Operation]?: Readonly<Record<string, string>> } = {
  "keys.lookup": key,
  "keys.why": key,
  "triggers.delete": { event: "e", id: "t" },
  "schedules.delete": { id: "s" },
  "schedules.describe": { id: "s" },
  "schedules.why": { id: "s" },
};

const NO_RUN = "00000000-0000-8000-8000-000000000000";

export const allOperations = Object.keys(operations) as readonly Operation[];

/** About a run that does not exist, where it is about a run and none is named. */
export function sampleOf(operation: Operation, runId: string = NO_RUN): CallOptions {
  const body = bodies[operation];
  const query = queries[operation];
  return {
    params: { runId, keyId: "0123456789abcdef", endpointId: "e" },
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { query }),
    ...(operation === "transfer.import"
      ? { headers: { "content-type": "application/x-ndjson" } }
      : {}),
  };
}
