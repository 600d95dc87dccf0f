/** How each message of the worker protocol lies in a frame, and what its fields must look like. */
import { limits } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import * as is from "./checks.ts";
import type { Check } from "./checks.ts";
import { command, stepResult } from "./commands.ts";
import { dialectOf, optional, type Dialect, type Layouts } from "./dialect.ts";
import type { ServerMessage, WorkerMessage } from "./messages.ts";

const held = { runId: is.runId, lease: is.count };
const token = { runId: is.runId, key: is.name, attempt: is.count };
const call = { call: is.count };
const window: Check = is.within(1, Number.MAX_SAFE_INTEGER);
const leaseMs: Check = is.within(wireLimits.leaseMinMs, wireLimits.leaseMaxMs);
const names: Check = is.listOf(is.name, wireLimits.names);
const events: Check = is.listOf(is.event, wireLimits.pageEvents);

const queue: Check = is.fields(
  { name: is.name, workflows: names, tasks: names },
  {
    concurrency: is.within(1, wireLimits.taskSlots),
    rate: is.fields(
      { perSecond: is.within(Number.MIN_VALUE, Number.MAX_SAFE_INTEGER) },
      { burst: is.within(1, Number.MAX_SAFE_INTEGER) },
    ),
    priority: is.within(-1_000_000, 1_000_000),
  },
);

const options: Check = is.fields(
  {
    queues: is.listOf(queue, wireLimits.queues),
    taskSlots: is.within(0, wireLimits.taskSlots),
    runSlots: is.within(0, wireLimits.runSlots),
    leaseMs,
  },
  {
    version: is.name,
    versioning: is.oneOf("move", "pin", "pinned"),
    labels: is.texts(wireLimits.labels, wireLimits.labelChars),
  },
);

const workerLayouts: Layouts<WorkerMessage> = {
  hello: [
    1,
    {
      protocol: is.count,
      sdk: is.name,
      worker: is.name,
      options,
      window,
      resume: optional(is.name),
    },
  ],
  answer: [
    2,
    {
      ...held,
      commands: is.listOf(command, wireLimits.answerCommands),
      through: optional(is.count),
      failure: optional(is.failure),
    },
  ],
  beat: [3, { ...token, ...call, details: optional(is.payload) }],
  result: [4, { ...token, ...call, result: stepResult }],
  reply: [5, { ...call, output: optional(is.payload) }],
  failed: [6, { ...call, error: is.wireError }],
  drain: [7, {}],
  doing: [8, { ...held, step: optional(is.fields({ key: is.name, forMs: is.number })) }],
};

const serverLayouts: Layouts<ServerMessage> = {
  welcome: [
    1,
    {
      protocol: is.count,
      server: is.name,
      isResumed: is.flag,
      resume: is.name,
      window,
      leaseMs,
    },
  ],
  refused: [2, { error: is.wireError, isFinal: is.flag }],
  activate: [
    3,
    {
      ...held,
      spec: is.record,
      through: is.count,
      lostAt: is.count,
      events,
      isLast: is.flag,
    },
  ],
  page: [4, { ...held, events, isLast: is.flag }],
  deliver: [5, { ...held, events }],
  evict: [6, held],
  task: [
    7,
    {
      ...token,
      spec: is.record,
      namespace: is.name,
      workflow: is.name,
      maybeRan: is.flag,
      heartbeatDetails: optional(is.payload),
      headers: optional(is.texts(limits.headers, wireLimits.textChars)),
    },
  ],
  cancelTask: [8, token],
  query: [9, { ...held, ...call, name: is.name, input: is.payload }],
  update: [10, { ...held, ...call, id: is.name, name: is.name, payload: is.payload }],
  done: [11, { ...call, cancelRequested: is.flag }],
  failed: [12, { ...call, error: is.wireError }],
  drained: [13, {}],
  closing: [14, { reason: is.text(wireLimits.textChars) }],
};

export const fromWorker: Dialect<WorkerMessage> = dialectOf(workerLayouts);
export const fromServer: Dialect<ServerMessage> = dialectOf(serverLayouts);
