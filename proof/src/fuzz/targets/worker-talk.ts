/** What a worker says to a server over a stream: a message of every kind. */
import { runId, type Payload } from "@perdure/kernel";
import { encodeFrame, encodeWorkerMessage, PROTOCOL, type WorkerMessage } from "@perdure/wire";

const id = runId(1_700_000_000_000, 7, "0123456789abcdef");
const payload: Payload = { encoding: "json", data: new TextEncoder().encode('{"a":[1,"x"]}') };
const failure = { code: "boom", message: "it broke", retryable: true, details: payload };
const retry = { initialMs: 100, factor: 2, maxIntervalMs: 1_000, maxAttempts: 3 };
const held = { runId: id, lease: 1 };
const token = { runId: id, key: "charge#2", attempt: 1 };
const spec = { task: "mail", queue: "main", input: payload, retry, timeouts: { heartbeatMs: 9 } };
const error = { code: "query-failed", message: "there is no such query" } as const;

export const hello: WorkerMessage = {
  type: "hello",
  protocol: PROTOCOL,
  sdk: "fuzz/1",
  worker: "w-1",
  options: {
    queues: [
      { name: "main", workflows: ["returns"], tasks: ["mail"], concurrency: 2, priority: 1 },
    ],
    taskSlots: 4,
    runSlots: 4,
    leaseMs: 10_000,
    version: "1",
    versioning: "move",
    labels: { host: "h" },
  },
  window: 1_048_576,
};

const answer: WorkerMessage = {
  type: "answer",
  ...held,
  through: 1,
  commands: [
    {
      type: "step.complete",
      key: "a",
      ordinal: 1,
      name: "a",
      attempt: 1,
      output: payload,
      maybeRan: true,
    },
    { type: "step.fail", key: "b", ordinal: 2, name: "b", attempt: 1, failure, retry },
    { type: "step.schedule", key: "c", ordinal: 3, name: "c", spec },
    { type: "timer.start", key: "t", ordinal: 4, fireAt: 1_700_000_100_000 },
    { type: "wait.start", key: "w", ordinal: 5, on: { type: "signal", name: "go" }, deadline: 9 },
    {
      type: "call.start",
      key: "d",
      ordinal: 6,
      target: { workflow: "child", input: payload, queue: "main" },
      onParentClose: "cancel",
    },
    {
      type: "send",
      key: "m",
      ordinal: 7,
      message: { type: "publish", event: "paid", payload, data: { order: 7 } },
    },
    { type: "state.write", ordinal: 8, name: "items", value: payload },
    { type: "attributes.upsert", ordinal: 9, attributes: { x: 1 }, progress: { fraction: 0.5 } },
    { type: "value.record", key: "now", ordinal: 10, value: payload },
    { type: "update.complete", id: "u", output: payload },
    { type: "run.complete", output: payload },
  ],
};

export const talk: readonly WorkerMessage[] = [
  hello,
  answer,
  { type: "answer", ...held, commands: [], failure },
  { type: "beat", call: 1, ...token, details: payload },
  { type: "result", call: 2, ...token, result: { type: "completed", output: payload } },
  { type: "result", call: 3, ...token, result: { type: "failed", failure } },
  { type: "reply", call: 4, output: payload },
  { type: "failed", call: 5, error },
  { type: "drain" },
];

/** One frame with these messages, the first of them with that number. */
export function frameOf(seq: number, ...messages: readonly WorkerMessage[]): Uint8Array {
  return encodeFrame(seq, 0, messages.map(encodeWorkerMessage));
}
