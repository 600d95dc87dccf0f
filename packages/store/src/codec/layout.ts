/**
 * How each kind of event lies in its bytes: `[number, at, ...fields]`, in the order given here.
 *
 * Files live longer than code. A number is never reused and never changes; a new field goes to the
 * end of its kind; nothing is removed. The golden file beside the tests holds one event per kind
 * as it was first written and must decode for ever.
 *
 * The type of the table proves it complete: a kind, or a field of a kind, that is missing or
 * foreign does not compile, and an object literal cannot name one twice.
 */
import type {
  KeyEventBody,
  Payload,
  Recorded,
  RunEventBody,
  ScheduleEventBody,
  TopicEventBody,
} from "@perdure/kernel";

export type EventBody = RunEventBody | KeyEventBody | TopicEventBody | ScheduleEventBody;
export type AnyEvent = EventBody & Recorded;
export type EventKind = EventBody["kind"];

type BodyOf<K extends EventKind> = Extract<EventBody, { readonly kind: K }>;

/** A payload is written in short; all else as plain msgpack. */
type FormOf<T> = [T] extends [Payload] ? "payload" : "plain";
type FieldsOf<K extends EventKind> = {
  readonly [F in Exclude<keyof BodyOf<K>, "kind">]-?: FormOf<Exclude<BodyOf<K>[F], undefined>>;
};

type Layouts = { readonly [K in EventKind]: readonly [number: number, fields: FieldsOf<K>] };

const plain = "plain";
const payload = "payload";

/** 0 is taken: see `detached.ts`. */
const layouts: Layouts = {
  "run.started": [1, { spec: plain }],
  "run.completed": [2, { output: payload }],
  "run.failed": [3, { failure: plain }],
  "run.cancelRequested": [4, { reason: plain, by: plain }],
  "run.cancelled": [5, { failure: plain }],
  "run.terminated": [6, { failure: plain, by: plain }],
  "run.timedOut": [7, { failure: plain }],
  "run.continued": [8, { runId: plain }],
  "run.paused": [9, { reason: plain, message: plain, key: plain, by: plain }],
  "run.resumed": [10, { by: plain }],
  "run.forked": [11, { spec: plain, from: plain, through: plain }],
  "run.attached": [12, { listener: plain }],

  "activation.scheduled": [16, { attempt: plain }],
  "activation.completed": [17, { through: plain }],
  "activation.failed": [18, { attempt: plain, failure: plain, retryAt: plain }],
  "activation.pinned": [19, { version: plain, worker: plain, by: plain }],

  "step.scheduled": [24, { key: plain, ordinal: plain, name: plain, spec: plain }],
  "step.rescheduled": [32, { key: plain, attempt: plain }],
  "step.started": [25, { key: plain, attempt: plain, worker: plain, maybeRan: plain }],
  "step.heartbeat": [26, { key: plain, attempt: plain, details: payload }],
  "step.completed": [
    27,
    {
      key: plain,
      ordinal: plain,
      name: plain,
      attempt: plain,
      output: payload,
      maybeRan: plain,
      given: plain,
    },
  ],
  "step.failed": [
    28,
    {
      key: plain,
      ordinal: plain,
      name: plain,
      attempt: plain,
      failure: plain,
      retryAt: plain,
      maybeRan: plain,
      retry: plain,
      untouched: plain,
    },
  ],
  "step.abandoned": [29, { key: plain, failure: plain }],
  "step.cancelRequested": [30, { key: plain }],
  "step.cancelled": [31, { key: plain }],

  "timer.started": [36, { key: plain, ordinal: plain, fireAt: plain, name: plain }],
  "timer.fired": [37, { key: plain }],
  "timer.cancelled": [38, { key: plain }],

  "wait.started": [40, { key: plain, ordinal: plain, on: plain, deadline: plain }],
  "wait.resolved": [41, { key: plain, signal: plain, payload, failure: plain }],
  "wait.timedOut": [42, { key: plain }],
  "wait.cancelled": [43, { key: plain }],

  "signal.received": [48, { name: plain, payload, failure: plain, id: plain, by: plain }],
  "update.accepted": [49, { id: plain, name: plain, payload }],
  "update.completed": [50, { id: plain, output: payload, failure: plain }],
  "call.scheduled": [
    51,
    { key: plain, ordinal: plain, runId: plain, target: plain, onParentClose: plain },
  ],
  "call.started": [52, { key: plain, runId: plain }],
  "call.closed": [53, { key: plain, outcome: plain }],
  "message.sent": [54, { key: plain, ordinal: plain, message: plain }],

  "state.written": [60, { ordinal: plain, name: plain, value: payload }],
  "state.cleared": [61, { ordinal: plain, name: plain }],
  "attributes.upserted": [62, { ordinal: plain, attributes: plain, progress: plain }],
  "value.recorded": [63, { key: plain, ordinal: plain, value: payload }],

  "key.started": [
    80,
    { runId: plain, mode: plain, requestId: plain, queued: plain, retentionMs: plain },
  ],
  "key.queued": [81, { pending: plain }],
  "key.delayed": [82, { pending: plain }],
  "key.dropped": [83, { runId: plain }],
  "key.closed": [84, { runId: plain, status: plain, next: plain }],
  "key.written": [85, { name: plain, value: payload }],
  "key.cleared": [86, { name: plain }],
  "key.attached": [87, { runId: plain, listener: plain }],
  "key.remembered": [88, { requestId: plain, runId: plain }],
  "key.forgotten": [89, { runId: plain }],
  "key.settled": [90, { name: plain, payload }],
  "key.awaited": [91, { name: plain, wait: plain }],

  "topic.subscribed": [96, { wait: plain, match: plain }],
  "topic.unsubscribed": [97, { wait: plain }],
  "topic.triggered": [98, { trigger: plain, namespace: plain }],
  "topic.untriggered": [99, { id: plain }],
  "topic.published": [100, { id: plain, payload, data: plain, matched: plain }],
  "topic.forgotten": [101, {}],

  "schedule.put": [112, { spec: plain, next: plain }],
  "schedule.deleted": [113, {}],
  "schedule.paused": [114, { note: plain, by: plain }],
  "schedule.resumed": [115, { note: plain, next: plain }],
  "schedule.advanced": [116, { through: plain, next: plain }],
  "schedule.buffered": [117, { nominalAt: plain, overlap: plain, manual: plain }],
  "schedule.started": [118, { nominalAt: plain, runId: plain, buffered: plain, manual: plain }],
  "schedule.skipped": [119, { nominalAt: plain, reason: plain, buffered: plain, count: plain }],
  "schedule.closed": [120, { runId: plain, status: plain }],
};

/** A layout as the codec walks it: names and forms side by side. */
export interface Layout {
  readonly kind: EventKind;
  readonly number: number;
  readonly names: readonly string[];
  readonly payloads: readonly boolean[];
}

const byKind = new Map<string, Layout>();
const byNumber: (Layout | undefined)[] = [];
for (const [kind, [number, fields]] of Object.entries(layouts)) {
  const payloads = Object.values(fields).map((form) => form === payload);
  const layout = { kind: kind as EventKind, number, names: Object.keys(fields), payloads };
  if (byNumber[number] !== undefined) throw new TypeError(`two kinds have the number ${number}`);
  byKind.set(kind, layout);
  byNumber[number] = layout;
}

export const eventKinds: readonly EventKind[] = Object.keys(layouts) as EventKind[];

export function layoutOf(kind: EventKind): Layout | undefined {
  return byKind.get(kind);
}

export function layoutNumbered(number: number): Layout | undefined {
  return byNumber[number];
}
