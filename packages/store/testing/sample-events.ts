/** One event of each kind with every field it can have; a new kind or field must be added here. */
import type {
  CallTarget,
  Failure,
  JsonObject,
  KeyRef,
  Payload,
  RetryPolicy,
  RunId,
  RunSpec,
  ScheduleSpec,
  TaskSpec,
} from "@perdure/kernel";
import type { AnyEvent, EventKind } from "../src/index.ts";

type Full<K extends EventKind> = Required<Omit<Extract<AnyEvent, { readonly kind: K }>, "kind">>;
type Samples = { readonly [K in EventKind]: Omit<Full<K>, "seq" | "at"> };

const run = "018bcfe5-6800-8abc-9000-0000000000ff" as RunId;
const json: Payload = { encoding: "json", data: new Uint8Array([123, 125]) };
const sealed: Payload = {
  encoding: "binary/encrypted",
  data: new Uint8Array([0, 255, 10]),
  metadata: { "key-id": "k1" },
};
const failure: Failure = {
  code: "declined",
  message: "no funds, Zoë \u{1F4B8}",
  retryable: false,
  retryAfterMs: 5,
  stack: "at charge",
  details: sealed,
  cause: { code: "http-402", message: "" },
};
const key: KeyRef = { namespace: "default", kind: "workflow", id: "order/1" };
const attributes: JsonObject = { n: 1.5, deep: { list: [null, true, "x", [], {}] } };
const retry: RetryPolicy = {
  initialMs: 1,
  factor: 1.5,
  maxIntervalMs: 100,
  maxAttempts: 3,
  nonRetryable: ["declined"],
  onExhausted: "pause",
};
const target: CallTarget = {
  workflow: "child",
  input: json,
  queue: "q",
  key,
  mode: "exclusive",
  runTimeoutMs: 1,
  startAt: 2,
  attributes,
  headers: { trace: "t" },
  priority: 3,
  requestId: "r",
};
const spec: RunSpec = {
  ...target,
  runId: run,
  namespace: "default",
  parent: { runId: run, key: "call" },
  version: "v1",
  firstRunId: run,
  continuedFrom: run,
  seed: "seed",
  retentionMs: 4,
};
const task: TaskSpec = {
  task: "charge",
  queue: "q",
  input: sealed,
  retry,
  timeouts: { scheduleToStartMs: 1, startToCloseMs: 2, scheduleToCloseMs: 3, heartbeatMs: 4 },
  priority: 1,
  fairnessKey: "f",
};
const schedule: ScheduleSpec = {
  namespace: "default",
  id: "nightly",
  when: [
    { type: "cron", expression: "0 3 * * *", timeZone: "Europe/Berlin" },
    { type: "interval", everyMs: 60_000, offsetMs: 5 },
    { type: "calendar", fields: { hour: [3] }, timeZone: "UTC" },
  ],
  startAt: 1,
  endAt: 2,
  remaining: 3,
  policy: { overlap: "skip", catchUpMs: 1, jitterMs: 2, pauseOnFailure: true },
  workflow: "clean",
  queue: "q",
  input: json,
  workflowId: "w",
  runTimeoutMs: 4,
  attributes,
};
const operation = { runId: run, key: "wait" };

export const samples: Samples = {
  "run.started": { spec },
  "run.completed": { output: json },
  "run.failed": { failure },
  "run.cancelRequested": { reason: "changed my mind", by: "ann" },
  "run.cancelled": { failure },
  "run.terminated": { failure, by: "ann" },
  "run.timedOut": { failure },
  "run.continued": { runId: run },
  "run.paused": { reason: "code", message: "look", key: "charge", by: "ann" },
  "run.resumed": { by: "ann" },
  "run.forked": { spec, from: run, through: 7 },
  "run.attached": { listener: operation },
  "activation.scheduled": { attempt: 2 },
  "activation.completed": { through: 9 },
  "activation.failed": { attempt: 2, failure, retryAt: 1_700_000_000_500 },
  "activation.pinned": { version: "2026-11-26", worker: "w-1", by: "key:ann" },
  "step.scheduled": { key: "charge#2", ordinal: 3, name: "charge", spec: task },
  "step.rescheduled": { key: "charge#2", attempt: 2 },
  "step.started": { key: "charge", attempt: 1, worker: "w-1", maybeRan: true },
  "step.heartbeat": { key: "charge", attempt: 1, details: sealed },
  "step.completed": {
    key: "charge",
    ordinal: 3,
    name: "charge",
    attempt: 1,
    output: sealed,
    maybeRan: true,
    given: 7,
  },
  "step.failed": {
    key: "charge",
    ordinal: 3,
    name: "charge",
    attempt: 1,
    failure,
    retryAt: 1_700_000_000_500,
    maybeRan: true,
    retry,
    untouched: true,
  },
  "step.abandoned": { key: "charge", failure },
  "step.cancelRequested": { key: "charge" },
  "step.cancelled": { key: "charge" },
  "timer.started": { key: "sleep", ordinal: 1, fireAt: 1_700_000_000_500, name: "sleep" },
  "timer.fired": { key: "sleep" },
  "timer.cancelled": { key: "sleep" },
  "wait.started": {
    key: "wait",
    ordinal: 2,
    on: { type: "event", name: "paid", match: attributes, lookBackMs: 5 },
    deadline: 1_700_000_000_500,
  },
  "wait.resolved": { key: "wait", signal: 4, payload: json, failure },
  "wait.timedOut": { key: "wait" },
  "wait.cancelled": { key: "wait" },
  "signal.received": { name: "approve", payload: json, failure, id: "s1", by: "ann" },
  "update.accepted": { id: "u1", name: "rename", payload: json },
  "update.completed": { id: "u1", output: json, failure },
  "call.scheduled": { key: "call", ordinal: 1, runId: run, target, onParentClose: "cancel" },
  "call.started": { key: "call", runId: run },
  "call.closed": { key: "call", outcome: { status: "completed", output: sealed } },
  "message.sent": {
    key: "send",
    ordinal: 5,
    message: { type: "signal", to: key, name: "hi", payload: json, failure },
  },
  "state.written": { ordinal: 1, name: "cart", value: sealed },
  "state.cleared": { ordinal: 1, name: "cart" },
  "attributes.upserted": { ordinal: 1, attributes, progress: { fraction: 0.5, text: "half" } },
  "value.recorded": { key: "now", ordinal: 1, value: json },
  "key.started": { runId: run, mode: "single", requestId: "r", queued: true, retentionMs: 5 },
  "key.queued": { pending: { spec } },
  "key.delayed": { pending: { spec } },
  "key.dropped": { runId: run },
  "key.attached": { runId: run, listener: operation },
  "key.remembered": { requestId: "r", runId: run },
  "key.closed": { runId: run, status: "completed", next: run },
  "key.forgotten": { runId: run },
  "key.settled": { name: "approved", payload: json },
  "key.awaited": { name: "approved", wait: { runId: run, key: "promise:3" } },
  "key.written": { name: "cart", value: json },
  "key.cleared": { name: "cart" },
  "topic.subscribed": { wait: operation, match: attributes },
  "topic.unsubscribed": { wait: operation },
  "topic.triggered": {
    namespace: "default",
    trigger: { id: "t", match: attributes, workflow: "w", queue: "q" },
  },
  "topic.untriggered": { id: "t" },
  "topic.published": { id: "e1", payload: json, data: attributes, matched: [operation] },
  "topic.forgotten": {},
  "schedule.put": { spec: schedule, next: 1_700_000_000_500 },
  "schedule.deleted": {},
  "schedule.paused": { note: "holiday", by: "ann" },
  "schedule.resumed": { note: "back", next: 1_700_000_000_500 },
  "schedule.advanced": { through: 1, next: 2 },
  "schedule.buffered": { nominalAt: 1, overlap: "bufferAll", manual: true },
  "schedule.started": { nominalAt: 1, runId: run, buffered: true, manual: true },
  "schedule.skipped": { nominalAt: 1, reason: "overlap", count: 2, buffered: true },
  "schedule.closed": { runId: run, status: "failed" },
};

export const sampleKinds: readonly EventKind[] = Object.keys(samples) as EventKind[];

export function sample(kind: EventKind): AnyEvent {
  return { seq: 7, at: 1_700_000_000_123, kind, ...samples[kind] } as AnyEvent;
}
