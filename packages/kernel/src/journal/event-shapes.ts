/**
 * What every kind of event holds. The types of the tables prove that no kind and no field is
 * missing; a field that is not here is one of a newer Perdure, which this one could not keep.
 */
import type {
  CallTarget,
  Outgoing,
  Recorded,
  RunEventBody,
  RunEventKind,
  RunSpec,
  TaskSpec,
} from "../events/run-events.ts";
import type { Failure } from "../failure.ts";
import { limits } from "../limits.ts";
import type { RetryPolicy } from "../retry.ts";
import * as is from "./checks.ts";
import type { Check } from "./checks.ts";

/** One check for each field of `T`, for those that may be absent in a table of their own. */
type Required<T> = { readonly [F in keyof T as T extends Record<F, T[F]> ? F : never]-?: Check };
type Optional<T> = { readonly [F in keyof T as T extends Record<F, T[F]> ? never : F]-?: Check };

const shapeOf = <T>(required: Required<T>, optional: Optional<T>): Check =>
  is.fields(required, optional);

/** A chain of causes is as deep as attempts were many, up to what JSON may be nested. */
const failure: Check = (value) => oneFailure(value);
const oneFailure: Check = shapeOf<Failure>(
  { code: is.words, message: is.words },
  {
    retryable: is.flag,
    retryAfterMs: is.finite,
    stack: is.words,
    details: is.payload,
    cause: failure,
  },
);

const keyRef: Check = is.fields({
  namespace: is.text(limits.namespaceChars),
  kind: is.name,
  id: is.id,
});
const mode = is.oneOf("single", "exclusive", "shared");
const operation = is.fields({ runId: is.runId, key: is.operationKey });

const spec: Check = shapeOf<RunSpec>(
  {
    runId: is.runId,
    namespace: is.text(limits.namespaceChars),
    workflow: is.name,
    input: is.payload,
    queue: is.name,
  },
  {
    key: keyRef,
    mode,
    parent: operation,
    runTimeoutMs: is.amount,
    startAt: is.finite,
    attributes: is.jsonObject,
    headers: is.texts,
    version: is.words,
    priority: is.finite,
    requestId: is.id,
    firstRunId: is.runId,
    continuedFrom: is.runId,
    seed: is.words,
    retentionMs: is.finite,
    notify: is.fields({ stream: is.words, key: is.operationKey }),
  },
);

const retry: Check = shapeOf<RetryPolicy>(
  {
    initialMs: is.amount,
    factor: is.amount,
    maxIntervalMs: is.amount,
    maxAttempts: is.amount,
  },
  {
    nonRetryable: is.listOf(is.words, limits.answerCommands),
    onExhausted: is.oneOf("fail", "pause"),
  },
);

const taskSpec: Check = shapeOf<TaskSpec>(
  {
    task: is.name,
    queue: is.name,
    input: is.payload,
    retry,
    timeouts: is.fields(
      {},
      {
        scheduleToStartMs: is.amount,
        startToCloseMs: is.amount,
        scheduleToCloseMs: is.amount,
        heartbeatMs: is.amount,
      },
    ),
  },
  { priority: is.finite, fairnessKey: is.words },
);

const target: Check = shapeOf<CallTarget>(
  { workflow: is.name, input: is.payload, queue: is.name },
  {
    key: keyRef,
    mode,
    conflict: is.oneOf("fail", "useExisting", "terminateExisting"),
    runTimeoutMs: is.amount,
    startAt: is.finite,
    attributes: is.jsonObject,
    headers: is.texts,
    priority: is.finite,
    requestId: is.id,
    reuse: is.oneOf("allow", "allowAfterFailure", "reject"),
    retentionMs: is.finite,
  },
);

const type = is.name;
const waitFor: Check = is.variants("type", {
  signal: { name: is.words },
  promise: { name: is.words },
  event: is.fields({ type, name: is.name }, { match: is.jsonObject, lookBackMs: is.amount }),
  keyPromise: is.fields(
    { type, name: is.words, ask: is.oneOf("value", "peek", "settle") },
    { payload: is.payload },
  ),
  run: is.fields({ type, ask: is.oneOf("outcome", "peek") }, { runId: is.runId, key: keyRef }),
});

const address: Check = (value) => (typeof value === "string" ? is.runId(value) : keyRef(value));
const outgoing: Readonly<Record<Outgoing["type"], Check>> = {
  start: is.fields({ type, runId: is.runId, target }),
  signal: is.fields({ type, to: address, name: is.words }, { payload: is.payload, failure }),
  cancel: is.fields({ type, to: address }, { reason: is.words }),
  publish: is.fields({ type, event: is.name, payload: is.payload }, { data: is.jsonObject }),
};

const outcome: Check = is.variants("status", {
  completed: { output: is.payload },
  failed: { failure },
  cancelled: { failure },
  terminated: { failure },
  timedOut: { failure },
  continued: { runId: is.runId },
});

const key = is.operationKey;
const ordinal = is.place;
const attempt = is.place;

type Of<K extends RunEventKind> = Omit<Extract<RunEventBody, { kind: K }>, "kind">;
type Shapes = {
  readonly [K in RunEventKind]: readonly [required: Required<Of<K>>, optional: Optional<Of<K>>];
};

const shapes: Shapes = {
  "run.started": [{ spec }, {}],
  "run.completed": [{ output: is.payload }, {}],
  "run.failed": [{ failure }, {}],
  "run.cancelRequested": [{}, { reason: is.words, by: is.words }],
  "run.cancelled": [{ failure }, {}],
  "run.terminated": [{ failure }, { by: is.words }],
  "run.timedOut": [{ failure }, {}],
  "run.continued": [{ runId: is.runId }, {}],
  "run.paused": [
    {
      reason: is.oneOf("operator", "nondeterminism", "exhausted", "code"),
      message: is.words,
    },
    { key, by: is.words },
  ],
  "run.resumed": [{}, { by: is.words }],
  "run.forked": [{ spec, from: is.runId, through: is.place }, {}],
  "run.attached": [{ listener: operation }, {}],

  "activation.scheduled": [{ attempt }, {}],
  "activation.completed": [{ through: is.amount }, {}],
  "activation.failed": [{ attempt, failure }, { retryAt: is.amount }],
  "activation.pinned": [{}, { version: is.words, worker: is.words, by: is.words }],

  "step.scheduled": [{ key, ordinal, name: is.words, spec: taskSpec }, {}],
  "step.rescheduled": [{ key, attempt }, {}],
  "step.started": [
    { key, attempt },
    { worker: is.words, maybeRan: is.flag },
  ],
  "step.heartbeat": [{ key, attempt }, { details: is.payload }],
  "step.completed": [
    { key, ordinal, name: is.words, attempt, output: is.payload },
    { maybeRan: is.flag, given: is.amount },
  ],
  "step.failed": [
    { key, ordinal, name: is.words, attempt, failure },
    { retryAt: is.amount, maybeRan: is.flag, untouched: is.flag, retry },
  ],
  "step.abandoned": [{ key, failure }, {}],
  "step.cancelRequested": [{ key }, {}],
  "step.cancelled": [{ key }, {}],

  "timer.started": [{ key, ordinal, fireAt: is.finite }, { name: is.words }],
  "timer.fired": [{ key }, {}],
  "timer.cancelled": [{ key }, {}],

  "wait.started": [{ key, ordinal, on: waitFor }, { deadline: is.finite }],
  "wait.resolved": [{ key }, { signal: is.place, payload: is.payload, failure }],
  "wait.timedOut": [{ key }, {}],
  "wait.cancelled": [{ key }, {}],

  "signal.received": [
    { name: is.words },
    { payload: is.payload, failure, id: is.words, by: is.words },
  ],
  "update.accepted": [{ id: is.words, name: is.words, payload: is.payload }, {}],
  "update.completed": [{ id: is.words }, { output: is.payload, failure }],
  "call.scheduled": [
    {
      key,
      ordinal,
      runId: is.runId,
      target,
      onParentClose: is.oneOf("terminate", "cancel", "abandon", "follow"),
    },
    {},
  ],
  "call.started": [{ key, runId: is.runId }, {}],
  "call.closed": [{ key, outcome }, {}],
  "message.sent": [{ key, ordinal, message: is.variants("type", outgoing) }, {}],

  "state.written": [{ ordinal, name: is.words, value: is.payload }, {}],
  "state.cleared": [{ ordinal }, { name: is.words }],
  "attributes.upserted": [
    { ordinal },
    {
      attributes: is.jsonObject,
      progress: is.fields({ fraction: is.finite }, { text: is.words }),
    },
  ],
  "value.recorded": [{ key, ordinal }, { value: is.payload }],
};

const recorded: Record<keyof Recorded, Check> = { seq: is.place, at: is.amount };

export const checkSpec: Check = spec;
export const checkEvent: Check = is.variants(
  "kind",
  Object.fromEntries(
    Object.entries(shapes).map(([kind, [required, optional]]) => [
      kind,
      is.fields({ kind: is.name, ...recorded, ...required }, optional),
    ]),
  ),
);
