/** What commands must look like. The tables' types prove that none of them is missing. */
import { limits, type Command, type OutgoingCommand, type StepResult } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import * as is from "./checks.ts";
import type { Check } from "./checks.ts";

const opens = { key: is.name, ordinal: is.count };
const type = is.name;
const keyed: Check = is.fields({ type, key: is.name });

const retry: Check = is.fields(
  { initialMs: is.number, factor: is.number, maxIntervalMs: is.number, maxAttempts: is.number },
  { nonRetryable: is.listOf(is.name, wireLimits.names), onExhausted: is.oneOf("fail", "pause") },
);

const keyRef: Check = is.fields({ namespace: is.name, kind: is.name, id: is.name });
const headers: Check = is.texts(limits.headers, wireLimits.textChars);

const target: Check = is.fields(
  { workflow: is.name, input: is.payload, queue: is.name },
  {
    key: keyRef,
    mode: is.oneOf("single", "exclusive", "shared"),
    conflict: is.oneOf("fail", "useExisting", "terminateExisting"),
    runTimeoutMs: is.number,
    startAt: is.number,
    attributes: is.jsonObject,
    headers,
    priority: is.number,
    requestId: is.name,
    reuse: is.oneOf("allow", "allowAfterFailure", "reject"),
    retentionMs: is.number,
  },
);

const taskSpec: Check = is.fields(
  {
    task: is.name,
    queue: is.name,
    input: is.payload,
    retry,
    timeouts: is.fields(
      {},
      {
        scheduleToStartMs: is.number,
        startToCloseMs: is.number,
        scheduleToCloseMs: is.number,
        heartbeatMs: is.number,
      },
    ),
  },
  { priority: is.number, fairnessKey: is.name },
);

const waitFor: Check = is.variants("type", {
  signal: is.fields({ type, name: is.name }),
  promise: is.fields({ type, name: is.name }),
  event: is.fields({ type, name: is.name }, { match: is.jsonObject, lookBackMs: is.number }),
  keyPromise: is.fields(
    { type, name: is.name, ask: is.oneOf("value", "peek", "settle") },
    { payload: is.payload },
  ),
  run: is.fields({ type, ask: is.oneOf("outcome", "peek") }, { runId: is.runId, key: keyRef }),
});

/** A run by its id, or whatever is under a key. */
const address: Check = (value) => (typeof value === "string" ? is.runId(value) : keyRef(value));

const outgoing: Readonly<Record<OutgoingCommand["type"], Check>> = {
  start: is.fields({ type, target }),
  signal: is.fields(
    { type, to: address, name: is.name },
    { payload: is.payload, failure: is.failure },
  ),
  cancel: is.fields({ type, to: address }, { reason: is.text(wireLimits.textChars) }),
  publish: is.fields({ type, event: is.name, payload: is.payload }, { data: is.jsonObject }),
};

const attempt = { ...opens, name: is.name, attempt: is.count };

const commands: Readonly<Record<Command["type"], Check>> = {
  "step.complete": is.fields(
    { type, ...attempt, output: is.payload },
    { maybeRan: is.flag, given: is.count },
  ),
  "step.fail": is.fields({ type, ...attempt, failure: is.failure, retry }, { maybeRan: is.flag }),
  "step.schedule": is.fields({ type, ...opens, name: is.name, spec: taskSpec }),
  "step.cancel": keyed,
  "timer.start": is.fields({ type, ...opens, fireAt: is.number }, { name: is.name }),
  "timer.cancel": keyed,
  "wait.start": is.fields({ type, ...opens, on: waitFor }, { deadline: is.number }),
  "wait.cancel": keyed,
  "call.start": is.fields({
    type,
    ...opens,
    target,
    onParentClose: is.oneOf("terminate", "cancel", "abandon", "follow"),
  }),
  "call.cancel": keyed,
  send: is.fields({ type, ...opens, message: is.variants("type", outgoing) }),
  "state.write": is.fields({ type, ordinal: is.count, name: is.name, value: is.payload }),
  "state.clear": is.fields({ type, ordinal: is.count }, { name: is.name }),
  "state.read": is.fields({ type, ...opens, name: is.name }),
  "attributes.upsert": is.fields(
    { type, ordinal: is.count },
    {
      attributes: is.jsonObject,
      progress: is.fields({ fraction: is.number }, { text: is.text(wireLimits.textChars) }),
    },
  ),
  "value.record": is.fields({ type, ...opens, value: is.payload }),
  "update.accept": is.fields({ type, id: is.name, name: is.name, payload: is.payload }),
  "update.complete": is.fields({ type, id: is.name }, { output: is.payload, failure: is.failure }),
  "run.complete": is.fields({ type, output: is.payload }),
  "run.fail": is.fields({ type, failure: is.failure }),
  "run.cancel": is.fields({ type, failure: is.failure }),
  "run.continue": is.fields({ type, input: is.payload }, { workflow: is.name, version: is.name }),
  "run.pause": is.fields(
    {
      type,
      reason: is.oneOf("operator", "nondeterminism", "exhausted", "code"),
      message: is.text(wireLimits.textChars),
    },
    { key: is.name },
  ),
};

export const command: Check = is.variants("type", commands);

const results: Readonly<Record<StepResult["type"], Check>> = {
  completed: is.fields({ type, output: is.payload }),
  failed: is.fields({ type, failure: is.failure }),
  cancelled: is.fields({ type }),
};

export const stepResult: Check = is.variants("type", results);
