import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { PerdureError, runId, type Command, type RunEvent } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import {
  decodeServerFrame,
  decodeWorkerFrame,
  encodeFrame,
  encodeServerMessage,
  encodeWorkerMessage,
} from "./codec.ts";
import type { Hello, ServerMessage, WorkerMessage } from "./messages.ts";
import { Outbox } from "./outbox.ts";

const id = runId(Date.UTC(2030, 0, 1), 7, "0123456789abcdef");
const data = new Uint8Array([1, 2, 3]);
const payload = { encoding: "json", data, metadata: { a: "b" } };
const failure = { code: "c", message: "m", stack: "s", cause: { code: "d", message: "n" } };
const opens = { key: "k", ordinal: 1 };
const retry = { initialMs: 1, factor: 2, maxIntervalMs: 3, maxAttempts: 4 };
const key = { namespace: "n", kind: "workflow", id: "i" };
const target = { workflow: "w", input: payload, queue: "q", key, headers: { h: "v" } };
const spec = { task: "t", queue: "q", input: payload, retry, timeouts: { heartbeatMs: 5 } };

const commands: readonly Command[] = [
  { type: "step.complete", ...opens, name: "k", attempt: 1, output: payload, maybeRan: true },
  { type: "step.fail", ...opens, name: "k", attempt: 2, failure, retry },
  { type: "step.schedule", ...opens, name: "k", spec },
  { type: "step.cancel", key: "k" },
  { type: "timer.start", ...opens, fireAt: 1_893_456_000_000 },
  { type: "timer.cancel", key: "k" },
  { type: "wait.start", ...opens, on: { type: "event", name: "e", match: { a: [1, null] } } },
  { type: "wait.cancel", key: "k" },
  { type: "call.start", ...opens, target, onParentClose: "cancel" },
  { type: "call.cancel", key: "k" },
  { type: "send", ...opens, message: { type: "start", target } },
  { type: "send", ...opens, message: { type: "signal", to: id, name: "s", payload } },
  { type: "send", ...opens, message: { type: "cancel", to: key, reason: "r" } },
  { type: "send", ...opens, message: { type: "publish", event: "e", payload, data: { a: 1 } } },
  { type: "state.write", ordinal: 1, name: "n", value: payload },
  { type: "state.clear", ordinal: 1 },
  { type: "state.read", ...opens, name: "n" },
  { type: "attributes.upsert", ordinal: 1, attributes: { a: true }, progress: { fraction: 0.5 } },
  { type: "value.record", ...opens, value: payload },
  { type: "update.accept", id: "u", name: "n", payload },
  { type: "update.complete", id: "u", failure },
  { type: "run.complete", output: payload },
  { type: "run.fail", failure },
  { type: "run.cancel", failure },
  { type: "run.continue", input: payload, version: "2" },
  { type: "run.pause", reason: "code", message: "m" },
];

const held = { runId: id, lease: 3 };
const token = { runId: id, key: "k", attempt: 1 };
const hello: Hello = {
  type: "hello",
  protocol: 1,
  sdk: "s",
  worker: "w",
  options: {
    queues: [
      { name: "q", workflows: ["w"], tasks: ["*"], concurrency: 2, rate: { perSecond: 0.5 } },
    ],
    taskSlots: 1,
    runSlots: 2,
    leaseMs: 10_000,
    version: "v",
    versioning: "pin",
    labels: { host: "h" },
  },
  window: 1_000,
};
const fromWorker: readonly WorkerMessage[] = [
  hello,
  { ...hello, resume: "r" },
  { type: "answer", ...held, commands },
  { type: "answer", ...held, commands: [], through: 9 },
  { type: "answer", ...held, commands: [], failure },
  { type: "beat", ...token, call: 1, details: payload },
  { type: "result", ...token, call: 1, result: { type: "completed", output: payload } },
  { type: "result", ...token, call: 1, result: { type: "failed", failure } },
  { type: "result", ...token, call: 1, result: { type: "cancelled" } },
  { type: "reply", call: 1 },
  { type: "failed", call: 1, error: { code: "query-failed", message: "m", detail: { a: 1 } } },
  { type: "drain" },
  { type: "doing", ...held, step: { key: "k", forMs: 2_000 } },
  { type: "doing", ...held },
];

const events: readonly RunEvent[] = [
  { seq: 1, at: 5, kind: "run.resumed", by: "b" },
  { seq: 2, at: 5, kind: "value.recorded", key: "k", ordinal: 1, value: payload },
];
const runSpec = { runId: id, namespace: "n", workflow: "w", input: payload, queue: "q" };
const error = { code: "stale", message: "m" } as const;
const fromServer: readonly ServerMessage[] = [
  {
    type: "welcome",
    protocol: 1,
    server: "s",
    isResumed: true,
    resume: "r",
    window: 9,
    leaseMs: 600,
  },
  { type: "refused", error, isFinal: false },
  { type: "activate", ...held, spec: runSpec, through: 0, lostAt: 0, events, isLast: false },
  { type: "page", ...held, events, isLast: true },
  { type: "deliver", ...held, events },
  { type: "evict", ...held },
  { type: "task", ...token, spec, namespace: "n", workflow: "w", maybeRan: true },
  { type: "cancelTask", ...token },
  { type: "query", ...held, call: 1, name: "n", input: payload },
  { type: "update", ...held, call: 1, id: "i", name: "n", payload },
  { type: "done", call: 1, cancelRequested: true },
  { type: "failed", call: 1, error },
  { type: "drained" },
  { type: "closing", reason: "r" },
];

const workerFrame = encodeFrame(7, 5, fromWorker.map(encodeWorkerMessage));
const serverFrame = encodeFrame(7, 5, fromServer.map(encodeServerMessage));
const packr = new Packr({ useRecords: false, variableMapSize: true });

/** What decoding says; anything but these two is a bug. */
function verdict(bytes: Uint8Array): string {
  try {
    decodeWorkerFrame(bytes);
    return "taken";
  } catch (caught) {
    return caught instanceof PerdureError ? caught.code : String(caught);
  }
}

const raw = (value: unknown): Uint8Array => new Uint8Array(packr.pack(value));
const answerWith = (command: unknown): Uint8Array => raw([1, 0, [2, id, 3, [command]]]);

describe("a frame", () => {
  test("gives back every message with every field", () => {
    expect(decodeWorkerFrame(workerFrame)).toEqual({ seq: 7, ack: 5, messages: fromWorker });
    expect(decodeServerFrame(serverFrame)).toEqual({ seq: 7, ack: 5, messages: fromServer });
  });

  test("has payloads that are plain bytes and do not pin it", () => {
    const [message] = decodeWorkerFrame(
      encodeFrame(1, 0, [encodeWorkerMessage({ type: "reply", call: 1, output: payload })]),
    ).messages;
    const output = message?.type === "reply" ? message.output : undefined;
    expect(output?.data.constructor).toBe(Uint8Array);
    expect(output?.data.buffer.byteLength).toBe(data.length);
  });

  test.each<[string, unknown, RegExp]>([
    ["no list", { a: 1 }, /not a list/],
    ["no numbers", ["a", 0], /two numbers/],
    ["a negative number", [-1, 0], /two numbers/],
    ["a message that is no list", [1, 0, "x"], /message 0 is not a list/],
    ["an unknown kind", [1, 0, [99]], /unknown kind/],
    ["a field too many", [1, 0, [7, 1]], /fields that are unknown/],
    ["a field too few", [1, 0, [5]], /call is missing/],
    ["a run id that is none", [1, 0, [2, "../x", 1, []]], /runId is not a run id/],
    [
      "a namespace where none belongs",
      [1, 0, [4, id, "k", 1, 1, { type: "cancelled", namespace: "x" }]],
      /unknown field "namespace"/,
    ],
  ])("is refused with its reason: %s", (_, value, why) => {
    expect(() => decodeWorkerFrame(raw(value))).toThrow(why);
  });

  test.each<[string, unknown, RegExp]>([
    ["an unknown command", { type: "run.explode" }, /no known "type"/],
    ["an inherited name as its type", { type: "constructor" }, /no known "type"/],
    ["an unknown field", { type: "step.cancel", key: "k", extra: 1 }, /unknown field "extra"/],
    ["a missing field", { type: "step.cancel" }, /lacks the field "key"/],
    [
      "a payload without bytes",
      { type: "run.complete", output: { encoding: "json", data: "x" } },
      /output\.data is not bytes/,
    ],
    ["an ordinal that is no whole number", { type: "state.clear", ordinal: 0.5 }, /ordinal is not/],
    [
      "bytes among attributes",
      { type: "attributes.upsert", ordinal: 1, attributes: { a: [data] } },
      /holds bytes/,
    ],
  ])("refuses a command with its place and reason: %s", (_, command, why) => {
    expect(() => decodeWorkerFrame(answerWith(command))).toThrow(why);
  });
});

describe("bytes from strangers", () => {
  const bytes = (...list: number[]) => new Uint8Array(list);
  test.each<[string, Uint8Array, string]>([
    ["nothing", bytes(), "invalid-argument"],
    ["an extension", bytes(0x93, 1, 0, 0xd4, 1, 1), "invalid-argument"],
    ["a record definition", bytes(0x93, 1, 0, 0xd4, 0x72, 0x40), "invalid-argument"],
    ["an extension of any length", bytes(0x93, 1, 0, 0xc7, 1, 1, 1), "invalid-argument"],
    ["the byte nobody uses", bytes(0xc1), "invalid-argument"],
    ["a list that promises 4 billion items", bytes(0xdd, 255, 255, 255, 255), "invalid-argument"],
    ["a map that promises 4 billion entries", bytes(0xdf, 255, 255, 255, 255), "invalid-argument"],
    [
      "bytes that promise more than there is",
      bytes(0x93, 1, 0, 0xc6, 255, 255, 255, 255),
      "invalid-argument",
    ],
    ["bytes after its end", bytes(0x92, 1, 0, 0), "invalid-argument"],
    ["a text that is not UTF-8", bytes(0x93, 1, 0, 0xa1, 0xff), "invalid-argument"],
    ["half of a surrogate pair", bytes(0x93, 1, 0, 0xa3, 0xed, 0xa0, 0x80), "invalid-argument"],
    ["a key that is no text", bytes(0x93, 1, 0, 0x81, 1, 1), "invalid-argument"],
    [
      "a number that is not finite",
      bytes(0x92, 1, 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
      "invalid-argument",
    ],
    ["an integer past 2^53", bytes(0x92, 1, 0xcf, 0, 0x20, 0, 0, 0, 0, 0, 0), "invalid-argument"],
  ])("are refused: %s", (_, input, code) => {
    expect(verdict(input)).toBe(code);
  });

  test("may be nested as deep as the limit, and not one deeper", () => {
    const nested = (depth: number) => new Uint8Array([...Array(depth).fill(0x91), 0x01]);
    expect(verdict(nested(wireLimits.frameDepth))).toBe("invalid-argument");
    expect(verdict(nested(wireLimits.frameDepth + 1))).toBe("limit-exceeded");
    expect(verdict(new Uint8Array(1_000_000).fill(0x91))).toBe("limit-exceeded");
  });

  test("may hold as many values as the limit, and not one more", () => {
    const list = (items: number) => {
      const all = new Uint8Array(5 + items).fill(1);
      all[0] = 0xdd;
      new DataView(all.buffer).setUint32(1, items);
      return all;
    };
    // The list itself is a value too.
    expect(verdict(list(wireLimits.frameItems - 1))).toBe("invalid-argument");
    expect(verdict(list(wireLimits.frameItems))).toBe("limit-exceeded");
  });

  test("may be as many as the limit, and not one more", () => {
    const blob = (length: number) => {
      const all = new Uint8Array(length);
      all.set([0x93, 1, 0, 0xc6]);
      new DataView(all.buffer).setUint32(4, length - 8);
      return all;
    };
    expect(verdict(blob(wireLimits.frameBytes))).toBe("invalid-argument");
    expect(verdict(blob(wireLimits.frameBytes + 1))).toBe("limit-exceeded");
  });

  test("names, lists and messages have their limits, tested at them and one past", () => {
    const cancel = (length: number) =>
      verdict(answerWith({ type: "step.cancel", key: "k".repeat(length) }));
    expect([cancel(wireLimits.nameChars), cancel(wireLimits.nameChars + 1)]).toEqual([
      "taken",
      "invalid-argument",
    ]);
    const many = (count: number) =>
      verdict(
        raw([
          1,
          0,
          [2, id, 3, Array.from({ length: count }, () => ({ type: "step.cancel", key: "k" }))],
        ]),
      );
    expect([many(wireLimits.answerCommands), many(wireLimits.answerCommands + 1)]).toEqual([
      "taken",
      "invalid-argument",
    ]);
    const reply = (length: number) => () =>
      encodeWorkerMessage({
        type: "reply",
        call: 1,
        output: { encoding: "json", data: new Uint8Array(length) },
      });
    const around = reply(0)().length + 4;
    expect(reply(wireLimits.messageBytes - around - 16)().length).toBeGreaterThan(0);
    expect(reply(wireLimits.messageBytes)).toThrow(/too large/);
  });

  test("unacknowledged ones are as many as the limit; the next waits until one was taken", () => {
    const outbox = new Outbox();
    outbox.rewind(0, wireLimits.windowBytes);
    const one = encodeWorkerMessage({ type: "drain" });
    for (let i = 0; i <= wireLimits.windowMessages; i++) outbox.push(one);
    expect(outbox.take()?.messages).toHaveLength(wireLimits.windowMessages);
    expect([outbox.isReady, outbox.take()]).toEqual([false, undefined]);
    outbox.acknowledged(1);
    expect(outbox.isReady).toBe(true);
    const rest = { seq: wireLimits.windowMessages + 1, messages: [one] };
    expect(outbox.take()).toEqual(rest);
  });

  test("are taken or refused with a code, however a good frame was bent", () => {
    const change = fc.record({
      at: fc.nat(),
      to: fc.nat({ max: 255 }),
      how: fc.constantFrom("set", "cut", "insert", "repeat"),
    });
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        let bent: Uint8Array = new Uint8Array(workerFrame);
        for (const { at, to, how } of changes) {
          const index = at % Math.max(1, bent.length);
          const [head, tail] = [bent.subarray(0, index), bent.subarray(index)];
          if (how === "set") bent[index] = to;
          else if (how === "cut") bent = head.slice();
          else if (how === "insert") bent = Uint8Array.of(...head, to, ...tail);
          else bent = Uint8Array.of(...head, ...tail.subarray(0, 8), ...tail);
        }
        const said = verdict(bent);
        seen.add(said);
        expect(["taken", "invalid-argument", "limit-exceeded"]).toContain(said);
      }),
      { numRuns: 10_000 },
    );
    expect(seen).toContain("taken");
    expect(seen).toContain("invalid-argument");
  });

  test("of any structure are taken or refused with a code, and pollute nothing", () => {
    const value = fc.anything({ withNullPrototype: false, maxDepth: 4 });
    fc.assert(
      fc.property(fc.nat({ max: 8 }), fc.array(value, { maxLength: 6 }), (kind, fields) => {
        const said = verdict(raw([1, 0, [kind, ...fields]]));
        expect(["taken", "invalid-argument", "limit-exceeded"]).toContain(said);
      }),
      { numRuns: 2_000 },
    );
    const hostile = answerWith(JSON.parse('{"type":"step.cancel","key":"k","__proto__":{"x":1}}'));
    expect(verdict(hostile)).toBe("invalid-argument");
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });
});
