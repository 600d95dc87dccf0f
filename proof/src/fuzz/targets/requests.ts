/** A request that each operation of the API takes: what the fuzzer bends. */
import type { Json, JsonObject } from "@perdure/kernel";
import type { Operation } from "@perdure/wire";

export interface Sample {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** A body of lines, one JSON value each. */
  readonly lines?: readonly Json[];
}

const payload = { value: { order: 7, tags: ["a"] } };
const bytes = { encoding: "binary", data: "AAECAw==", metadata: { key: "k-1" } };
const key = { kind: "workflow", id: "return-7" };
const keyQuery = { kind: "workflow", id: "return-7" };
const filters = {
  status: "open,paused",
  workflow: "returns",
  key: "return-7",
  attributes: '{"customer":"c-7"}',
  startedAfter: "0",
  startedBefore: "1900000000000",
};

const start: JsonObject = {
  workflow: "returns",
  queue: "nobody",
  input: payload,
  key,
  mode: "single",
  reuse: "allow",
  conflict: "useExisting",
  requestId: "r-1",
  signal: { name: "go", payload: bytes, id: "s-1" },
  runTimeoutMs: 60_000,
  attributes: { customer: "c-7", amount: 12.5 },
  headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  priority: 3,
  retentionMs: 1_000,
};

const trigger = { id: "t-1", match: { order: 7 }, workflow: "returns", queue: "nobody" };
const endpoint = { url: "https://example.invalid/perdure", concurrency: 4 };

/** One for every operation: a new operation without one does not compile. */
export function samplesFor(runId: string): Readonly<Record<Operation, Sample>> {
  const params = { runId };
  return {
    "runs.start": { body: start },
    "runs.startMany": { body: { runs: [start, { ...start, requestId: "r-2" }] } },
    "cluster.nodes": {},
    "cluster.partitions": {},
    "runs.list": { query: { ...filters, limit: "10" } },
    "runs.count": { query: filters },
    "runs.describe": { params },
    "runs.journal": { params, query: { from: "1", limit: "10" } },
    "runs.watch": { params, query: { from: "1" } },
    "runs.outcome": { params, query: { waitMs: "0" } },
    "runs.why": { params },
    "runs.signal": { params, body: { name: "go", payload, id: "s-2" } },
    "runs.cancel": { params, body: { reason: "no longer wanted" } },
    "runs.terminate": { params, body: { reason: "no longer wanted" } },
    "runs.pause": { params, body: { message: "looking at it" } },
    "runs.resume": { params, body: {} },
    "runs.repin": { params, body: { version: "2" } },
    "runs.purge": { params, body: {} },
    "runs.fork": { params, body: { at: 1, overrides: { charge: payload }, key } },
    "runs.query": { params, body: { name: "state", input: payload } },
    "runs.update": { params, body: { name: "amend", input: payload, id: "u-1" } },
    "keys.lookup": { query: keyQuery },
    "keys.why": { query: keyQuery },
    "keys.signal": { body: { key, name: "go", payload: bytes, id: "s-3" } },
    "keys.cancel": { body: { key, reason: "no longer wanted" } },
    "keys.query": { body: { key, name: "state", input: payload } },
    "keys.update": { body: { key, name: "amend", input: payload } },
    "events.publish": { body: { event: "paid", id: "e-1", payload, data: { order: 7 } } },
    "triggers.put": { body: { event: "paid", trigger } },
    "triggers.delete": { query: { event: "paid", id: "t-1" } },
    "schedules.list": { query: { limit: "10" } },
    "schedules.put": { body: schedule },
    "schedules.delete": { query: { id: "nightly-2" } },
    "schedules.describe": { query: { id: "nightly" } },
    "schedules.why": { query: { id: "nightly" } },
    "schedules.pause": { body: { id: "nightly", note: "for now" } },
    "schedules.resume": { body: { id: "nightly" } },
    "schedules.trigger": { body: { id: "nightly", overlap: "skip" } },
    "schedules.backfill": { body: { id: "nightly", from: 0, to: 86_400_000, overlap: "skip" } },
    "workers.list": {},
    "workers.versions": {},
    "workers.stream": {},
    "push.list": {},
    "push.put": { params: { endpointId: "shop" }, body: endpoint },
    "push.delete": { params: { endpointId: "shop" } },
    "push.rotate": { params: { endpointId: "shop" }, body: {} },
    "transfer.export": { query: { ...filters, limit: "10" } },
    "transfer.import": { lines: [exported(runId)] },
    "apiKeys.list": {},
    "apiKeys.create": { body: { role: "viewer", name: "a dashboard" } },
    "apiKeys.rotate": { params: { keyId: "0123456789abcdef" }, body: {} },
    "apiKeys.revoke": { params: { keyId: "0123456789abcdef" } },
    "server.calls": {},
    "server.whoami": {},
    "server.doctor": {},
    "server.audit": { query: { limit: "10" } },
  };
}

const schedule: JsonObject = {
  id: "nightly",
  when: [{ type: "cron", expression: "0 3 * * *", timeZone: "Europe/Berlin" }],
  policy: { overlap: "skip", catchUpMs: 60_000, jitterMs: 0, pauseOnFailure: false },
  workflow: "returns",
  queue: "nobody",
  input: payload,
};

/** A closed run, as an export has it. */
export function exported(runId: string): JsonObject {
  const spec = {
    runId,
    namespace: "default",
    workflow: "returns",
    queue: "nobody",
    input: { encoding: "json", text: "7" },
  };
  const at = 1_700_000_000_000;
  return {
    perdure: 1,
    spec,
    events: [
      { seq: 1, at, kind: "run.started", spec },
      {
        seq: 2,
        at: at + 1,
        kind: "step.completed",
        key: "charge",
        ordinal: 1,
        name: "charge",
        attempt: 1,
        output: { encoding: "binary", data: "AAECAw==" },
      },
      { seq: 3, at: at + 2, kind: "run.completed", output: { encoding: "json", text: "null" } },
    ],
  };
}
