import { describe, expect, test } from "vitest";
import { limits, runId, type Command, type RunEvent, type RunEventBody } from "@perdure/kernel";
import type { HandlerView } from "../deployments/deployment.ts";
import { invocationId } from "../ids/invocation-id.ts";
import type { Future, Message, MessageOf } from "../messages/messages.ts";
import { isResolved, suspensionOf, waitCommands } from "./awaiting.ts";
import { commandsOf } from "./commands.ts";
import { endOf } from "./ending.ts";
import { operationKey, parseOperationKey } from "./operation-keys.ts";
import { entriesOf, notificationsOf } from "./replay.ts";
import { signalName, signalOf } from "./signal-names.ts";
import type { JournalState, ProjectionContext } from "./state.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (text: string) => ({ encoding: "json", data: bytes(text) });
const id = runId(1_000_000, 7, "0123456789abcdef");

const settings: HandlerView["settings"] = {
  inactivityTimeoutMs: 1,
  abortTimeoutMs: 1,
  journalRetentionMs: 10,
  idempotencyRetentionMs: 20,
  workflowCompletionRetentionMs: 30,
  enableLazyState: false,
  isPrivate: true,
  retry: { initialMs: 1, maxIntervalMs: 1, factor: 1, maxAttempts: 1, onMaxAttempts: "PAUSE" },
};
const plain: HandlerView = {
  service: "S",
  serviceType: "SERVICE",
  name: "h",
  type: "SERVICE",
  settings,
};
const object: HandlerView = {
  ...plain,
  service: "O",
  serviceType: "VIRTUAL_OBJECT",
  type: "EXCLUSIVE",
};
const shared: HandlerView = { ...object, type: "SHARED" };
const workflow: HandlerView = { ...plain, service: "W", serviceType: "WORKFLOW", type: "WORKFLOW" };

function contextOf(handler: HandlerView): ProjectionContext {
  const workflowName = `${handler.service}.h`;
  const spec = {
    runId: id,
    namespace: "n",
    workflow: workflowName,
    queue: "restate",
    input: json(""),
  };
  const resolve = (service: string, name: string) =>
    [plain, object, workflow].find((view) => view.service === service && view.name === name);
  return { spec, handler, namespace: "n", resolve };
}

function journal(...bodies: readonly RunEventBody[]): RunEvent[] {
  const spec = contextOf(plain).spec;
  return [{ kind: "run.started", spec } as const, ...bodies].map((body, i) => {
    return { seq: i + 1, at: 1_000 + i, ...body };
  });
}

function stateOf(handler: HandlerView, ...bodies: readonly RunEventBody[]): JournalState {
  return entriesOf(journal(...bodies), contextOf(handler)).state;
}

function asked(handler: HandlerView, ...messages: readonly Message[]): readonly Command[] {
  const state = stateOf(handler);
  return messages.flatMap((message) => {
    const answer = commandsOf(message, state);
    if (answer.refusal) throw new Error(answer.refusal.text);
    return answer.commands;
  });
}

function refused(handler: HandlerView, message: Message) {
  const state = stateOf(handler);
  const before = structuredClone({ ...state, context: undefined });
  const answer = commandsOf(message, state);
  // What was begun before can still be written down (J3).
  expect({ ordinal: state.ordinal, runs: state.runs }).toStrictEqual({
    ordinal: before.ordinal,
    runs: before.runs,
  });
  return answer.refusal;
}

const call: MessageOf<"call"> = {
  type: "call",
  service: "S",
  handler: "h",
  parameter: bytes("1"),
  headers: [],
  key: "",
  invocationIdCompletion: 1,
  completionId: 2,
  name: "",
};
const set: Message = { type: "setState", key: bytes("k"), value: bytes("1"), name: "" };
const run = (completionId: number, name = ""): Message => ({ type: "run", completionId, name });
const proposes = (completionId: number): Message => ({
  type: "proposeRunCompletion",
  completionId,
  result: { type: "value", value: bytes("1") },
  requestedAck: false,
});

describe("what the SDK may not send", () => {
  const get: Message = { type: "getPromise", key: "p", completionId: 1, name: "" };
  const long = "x".repeat(limits.idChars);
  test.each<[string, HandlerView, Message, string, string]>([
    ["a write in a shared handler", shared, set, "RT0017", "exclusive"],
    ["state in a plain service", plain, set, "571", "objects and workflows"],
    ["a promise outside of a workflow", object, get, "571", "only workflows"],
    ["a key of state that is empty", object, { ...set, key: bytes("") }, "573", "empty"],
    ["a name for a write", object, { ...set, name: "n" }, "573", "no names"],
    [
      "a key of state that is no text",
      object,
      { ...set, key: Uint8Array.of(0xff) },
      "573",
      "UTF-8",
    ],
    ["a service that nobody has", plain, { ...call, service: "Nobody" }, "404", "register"],
    ["a handler that the service has not", plain, { ...call, handler: "no" }, "404", "register"],
    ["a key for a plain service", plain, { ...call, key: "k" }, "573", "plain service"],
    ["no key for an object", plain, { ...call, service: "O" }, "573", "empty"],
    [
      "an idempotency key for a workflow",
      plain,
      { ...call, service: "W", key: "k", idempotencyKey: "i" },
      "573",
      "runs once",
    ],
    ["a scope", plain, { ...call, scope: "s" }, "573", "scopes"],
    [
      "the default queue by its name",
      plain,
      { ...call, service: "perdure.default" },
      "573",
      '"perdure"',
    ],
    ["services as workflows", plain, { ...call, service: "perdure.restate" }, "573", "names"],
    [
      "two headers of one name",
      plain,
      {
        ...call,
        headers: [
          { key: "a", value: "1" },
          { key: "a", value: "2" },
        ],
      },
      "573",
      "two headers",
    ],
    [
      "an id that is none",
      plain,
      {
        type: "attachInvocation",
        target: { type: "invocationId", invocationId: "inv_1x" },
        completionId: 1,
        name: "",
      },
      "573",
      "invocation id",
    ],
    [
      "an awakeable that is none",
      plain,
      {
        type: "completeAwakeable",
        awakeableId: "prom_1x",
        result: { type: "value", value: bytes("") },
        name: "",
      },
      "573",
      "awakeable id",
    ],
    ["a result for nothing", plain, proposes(9), "571", "no run is open"],
    ["a name that is too long", plain, run(1, long), "573", `limit is ${limits.idChars}`],
    [
      "a value that is too large",
      plain,
      {
        type: "output",
        result: { type: "value", value: new Uint8Array(limits.payloadBytes + 1) },
        name: "",
      },
      "RT0003",
      "keep the data elsewhere",
    ],
    [
      "what only servers send",
      plain,
      { type: "proposeRunCompletionAck", completionId: 1 },
      "571",
      "only servers",
    ],
  ])("%s", (_, handler, message, code, words) => {
    const refusal = refused(handler, message);
    expect(refusal?.code).toBe(code);
    expect(refusal?.text).toContain(words);
    expect(refusal?.isPermanent).toBe(code !== "404");
  });

  test("but as much as the limits say", () => {
    const room = limits.idChars - "began:1:".length;
    expect(asked(plain, run(1, "x".repeat(room)))).toStrictEqual([]);
    expect(refused(plain, run(1, "x".repeat(room + 1)))?.code).toBe("573");
    const whole = new Uint8Array(limits.payloadBytes);
    expect(
      asked(plain, { type: "output", result: { type: "value", value: whole }, name: "" }),
    ).toStrictEqual([]);
    const named = { ...set, key: bytes("k".repeat(limits.nameChars)) };
    expect(asked(object, named)).toHaveLength(1);
    expect(refused(object, { ...set, key: bytes("k".repeat(limits.nameChars + 1)) })?.code).toBe(
      "573",
    );
    const headers = Array.from({ length: limits.headers + 1 }, (_, i) => ({
      key: `h${i}`,
      value: "",
    }));
    expect(asked(plain, { ...call, headers: headers.slice(1) })).toHaveLength(1);
    expect(refused(plain, { ...call, headers })?.text).toContain(`limit is ${limits.headers}`);
  });

  test("an id that was used", () => {
    const state = stateOf(plain, {
      kind: "step.completed",
      key: "run:3:a",
      ordinal: 1,
      name: "a",
      attempt: 1,
      output: json("1"),
    });
    expect(commandsOf(run(3), state).refusal?.text).toContain("used before");
    commandsOf(run(4), state);
    commandsOf(proposes(4), state);
    expect(commandsOf(proposes(4), state).refusal?.text).toContain("proposed before");
  });
});

describe("commands", () => {
  test("a run leaves a marker only where something later is written down first", () => {
    const sleep: Message = { type: "sleep", wakeUpAt: 5, completionId: 3, name: "" };
    const short = (commands: readonly Command[]) =>
      commands.map((c) => ("key" in c && "ordinal" in c ? `${c.ordinal} ${c.key}` : c.type));
    expect(short(asked(plain, run(1, "a"), proposes(1)))).toStrictEqual(["1 run:1:a"]);
    expect(short(asked(plain, run(1), run(2), proposes(2), proposes(1), sleep))).toStrictEqual([
      "1 began:1",
      "2 run:2",
      "3 run:1",
      "4 sleep:3",
    ]);
  });

  test("a handler may call a private service, and keeps what the service says of its results", () => {
    const [first] = asked(plain, { ...call, idempotencyKey: "i" });
    expect(first).toMatchObject({
      type: "call.start",
      onParentClose: "follow",
      target: { workflow: "S.h", retentionMs: 20, attributes: { idempotencyKey: "i" } },
    });
    const [second] = asked(plain, { ...call, service: "W", key: "k" });
    expect(second).toMatchObject({
      target: { mode: "single", reuse: "reject", conflict: "fail", retentionMs: 30 },
    });
  });

  test("what is sent says who sent it, for nobody waits for it", () => {
    const { completionId: _, ...fields } = call;
    const [sent] = asked(plain, {
      ...fields,
      type: "oneWayCall",
      invokeAt: 0,
      idempotencyKey: "i",
    });
    const attributes = { idempotencyKey: "i", invokedBy: invocationId(id) };
    expect(sent).toMatchObject({ type: "send", message: { target: { attributes } } });
  });

  test("a native workflow is called by its queue", () => {
    const [named] = asked(plain, {
      ...call,
      service: "perdure.mail",
      handler: "send.it",
      key: "7",
    });
    const key = { namespace: "n", kind: "workflow", id: "7" };
    const target = { workflow: "send.it", queue: "mail", key, conflict: "useExisting" };
    expect(named).toMatchObject({ target });
    const [alone] = asked(plain, { ...call, service: "perdure", handler: "w" });
    expect(alone).toMatchObject({ target: { workflow: "w", queue: "default" } });
  });

  test("to cancel one's own call drops it where it waits, too", () => {
    const target = { workflow: "S.h", input: json(""), queue: "restate" };
    const child = runId(1_000_000, 9, "0123456789abcdef");
    const state = stateOf(plain, {
      kind: "call.scheduled",
      key: "call:1:2",
      ordinal: 1,
      runId: child,
      target,
      onParentClose: "follow",
    });
    const cancel = {
      type: "sendSignal",
      target: invocationId(child),
      signal: { type: "index", index: 1 },
      result: { type: "void" },
      name: "",
    } as const;
    expect(commandsOf(cancel, state)).toMatchObject({
      commands: [
        { type: "send", key: "signal:2", message: { type: "cancel", to: child } },
        { type: "call.cancel", key: "call:1:2" },
      ],
    });
  });

  test("a step says that it may have run before, where a hold was lost in it", () => {
    const context = { ...contextOf(plain), lostAt: 1 };
    const { state } = entriesOf(journal(), context);
    commandsOf(run(1), state);
    expect(commandsOf(proposes(1), state)).toMatchObject({ commands: [{ maybeRan: true }] });
    expect(asked(plain, run(1), proposes(1))[0]).not.toHaveProperty("maybeRan");
  });

  test("an invocation that was cancelled and says so is cancelled", () => {
    const failure = { code: 409, message: "Cancelled", metadata: [] };
    const output = { type: "failure", failure } as const;
    expect(endOf(output, stateOf(plain)).type).toBe("run.fail");
    expect(endOf(output, stateOf(plain, { kind: "run.cancelRequested" })).type).toBe("run.cancel");
    const value = { type: "value", value: bytes("1") } as const;
    expect(endOf(value, stateOf(plain, { kind: "run.cancelRequested" })).type).toBe("run.complete");
  });
});

describe("journals", () => {
  test("count attempts that failed since the last entry", () => {
    const failure = { code: "500", message: "no" };
    const failed = { kind: "activation.failed", attempt: 1, failure } as const;
    const fired = { kind: "timer.fired", key: "sleep:1" } as const;
    const timer = { kind: "timer.started", key: "sleep:1", ordinal: 1, fireAt: 5 } as const;
    const { failedSince, lastEntryAt, messages } = entriesOf(
      journal(timer, failed, fired, failed, failed),
      contextOf(plain),
    );
    expect({ failedSince, lastEntryAt }).toStrictEqual({ failedSince: 2, lastEntryAt: 1_003 });
    expect(messages.map(({ type }) => type)).toStrictEqual(["input", "sleep", "completion"]);
  });

  test("of other workers are refused in words", () => {
    const foreign: RunEventBody[] = [
      { kind: "timer.started", key: "sleep", ordinal: 1, fireAt: 5 },
      { kind: "update.accepted", id: "u", name: "n", payload: json("") },
      {
        kind: "step.completed",
        key: "sleep:1",
        ordinal: 1,
        name: "a",
        attempt: 1,
        output: json(""),
      },
    ];
    for (const event of foreign)
      expect(() => stateOf(plain, event)).toThrow("another kind of worker");
  });

  test("that lack an operation in the middle are refused in words", () => {
    const timer = { kind: "timer.started", key: "sleep:1", ordinal: 2, fireAt: 5 } as const;
    expect(() => stateOf(plain, timer)).toThrow("lacks operation 1");
  });

  test("bring what was read late into the order in which it was asked", () => {
    const late = { kind: "value.recorded", key: "lazy:1:k", ordinal: 1, value: json("1") } as const;
    const timer = { kind: "timer.started", key: "sleep:2", ordinal: 2, fireAt: 5 } as const;
    const { messages } = entriesOf(journal(timer, late), contextOf(object));
    expect(messages.map(({ type }) => type)).toStrictEqual([
      "input",
      "getLazyState",
      "sleep",
      "completion",
    ]);
  });

  test("tell of a proposal by its acknowledgement where that was asked for", () => {
    const state = stateOf(plain);
    commandsOf(run(1), state);
    commandsOf({ ...proposes(1), requestedAck: true } as Message, state);
    const step = { name: "run", attempt: 1, output: json("1"), seq: 2, at: 1 } as const;
    const event: RunEvent = { kind: "step.completed", key: "run:1", ordinal: 1, ...step };
    const ack = { type: "proposeRunCompletionAck", completionId: 1 };
    expect(notificationsOf(event, state)).toStrictEqual([ack]);
  });

  test.each(["", "a", "a:b", "5", "%", "a%\n\u0000b", "ü☕", ":"])("keep the name %j", (name) => {
    expect(parseOperationKey(operationKey("call", [1, 22], name))).toStrictEqual({
      type: "call",
      id: 1,
      resultId: 22,
      name,
    });
    const signal = { type: "name", name } as const;
    expect(signalOf(signalName(signal))).toStrictEqual(signal);
  });

  test.each(["", "run", "run:", "run:x", "call:1", "toString:1", "run:12345678901"])(
    "know that %j is none of their keys",
    (key) => expect(parseOperationKey(key)).toBeUndefined(),
  );

  test.each(["#17", "##", "#"])("tell the name %j of a signal from an index", (name) => {
    const signal = { type: "name", name } as const;
    expect(signalOf(signalName(signal))).toStrictEqual(signal);
    expect(signalOf("#17")).toStrictEqual({ type: "index", index: 17 });
  });
});

describe("what is awaited", () => {
  const fired = (n: number): RunEventBody[] => [
    { kind: "timer.started", key: `sleep:${n}`, ordinal: n, fireAt: 5 },
    { kind: "timer.fired", key: `sleep:${n}` },
  ];
  const failed: RunEventBody[] = [
    {
      kind: "step.failed",
      key: "run:2",
      ordinal: 2,
      name: "run",
      attempt: 1,
      failure: { code: "1", message: "" },
    },
    { kind: "step.abandoned", key: "run:2", failure: { code: "1", message: "" } },
  ];
  const future = (combinator: Future["combinator"], ...completions: number[]): Future => {
    return { completions, signals: [], namedSignals: [], nested: [], combinator };
  };
  const one = fired(1);

  test.each<[Future["combinator"], RunEventBody[], number[], boolean]>([
    ["firstCompleted", one, [1, 9], true],
    ["unknown", one, [1, 9], true],
    ["firstCompleted", one, [9], false],
    ["firstCompleted", [...one, ...failed], [2], true],
    ["allCompleted", one, [1, 9], false],
    ["allCompleted", [...one, ...failed], [1, 2], true],
    ["firstSucceededOrAllFailed", [...one, ...failed], [2, 9], false],
    ["firstSucceededOrAllFailed", [...one, ...failed], [2], true],
    ["firstSucceededOrAllFailed", [...one, ...failed], [1, 9], true],
    ["allSucceededOrFirstFailed", [...one, ...failed], [2, 9], true],
    ["allSucceededOrFirstFailed", one, [1, 9], false],
    ["allSucceededOrFirstFailed", one, [1], true],
  ])("%s of %j", (combinator, events, completions, expected) => {
    const awaited = { future: future(combinator, ...completions), through: 1 };
    const state = stateOf(plain, ...events);
    expect(isResolved(awaited, state)).toBe(expected);
    const nested = { ...future("unknown"), nested: [awaited.future] };
    expect(isResolved({ future: nested, through: 1 }, state)).toBe(expected);
    // All of it was told to the attempt that awaits it all the same.
    expect(isResolved({ ...awaited, through: state.seq }, state)).toBe(false);
  });

  test("a run of its own that nobody has proposed can be had by an attempt only", () => {
    const state = stateOf(plain);
    commandsOf(run(1), state);
    const awaited = { future: future("allCompleted", 1, 9), through: 1 };
    expect(isResolved(awaited, state)).toBe(true);
    commandsOf(proposes(1), state);
    expect(isResolved(awaited, state)).toBe(false);
  });

  test("a signal that was taken resumes nothing, the next one does", () => {
    const again = { kind: "signal.received", name: "again" } as const;
    const suspension: MessageOf<"suspension"> = {
      type: "suspension",
      completions: [],
      signals: [1],
      namedSignals: ["again"],
    };
    const before = stateOf(plain, again);
    const { awaited, commands } = suspensionOf(suspension, before, 2);
    expect(commands).toMatchObject([
      { type: "wait.start", key: "signal-wait:1", on: { type: "signal", name: "again" } },
    ]);
    expect(isResolved(awaited, before)).toBe(false);
    expect(isResolved(awaited, stateOf(plain, again, again))).toBe(true);
    expect(isResolved(awaited, stateOf(plain, again, { kind: "run.cancelRequested" }))).toBe(true);
    // The kernel had kept the first one for the wait, which is over with it: it is asked anew.
    const on = { type: "signal", name: "again" } as const;
    const old = stateOf(
      plain,
      again,
      { kind: "wait.started", key: "signal-wait:1", ordinal: 1, on },
      { kind: "wait.resolved", key: "signal-wait:1", signal: 2 },
    );
    expect(waitCommands(awaited, old)).toMatchObject([{ key: "signal-wait:2" }]);
  });

  test("who was cancelled waits for a second cancellation as for a signal", () => {
    const cancel = { ...future("firstCompleted"), signals: [1] };
    const awaited = { future: { ...cancel, signals: [], nested: [cancel] }, through: 2 };
    expect(waitCommands(awaited, stateOf(plain))).toStrictEqual([]);
    const requested = { kind: "run.cancelRequested" } as const;
    const before = stateOf(plain, requested);
    expect(waitCommands(awaited, before)).toMatchObject([
      { type: "wait.start", on: { type: "signal", name: "#1" } },
    ]);
    expect(isResolved(awaited, before)).toBe(false);
    const second = { kind: "signal.received", name: "#1" } as const;
    expect(isResolved(awaited, stateOf(plain, requested, second))).toBe(true);
  });

  test("a wait that is awaited no more is taken back", () => {
    const on = { type: "signal", name: "#17" } as const;
    const started = { kind: "wait.started", key: "signal-wait:1", ordinal: 1, on } as const;
    const awaited = { future: future("firstCompleted", 1), through: 1 };
    const cancelled = [{ type: "wait.cancel", key: "signal-wait:1" }];
    expect(waitCommands(awaited, stateOf(plain, started))).toStrictEqual(cancelled);
  });
});
