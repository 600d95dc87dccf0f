import fc from "fast-check";
import { PerdureError } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { decode, encodeFrame, FrameReader } from "./frames.ts";
import { messageLimits } from "./limits.ts";
import type { Future, Message } from "./messages.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const failure = { code: 409, message: "nope", metadata: [{ key: "why", value: "ünï" }] };
const target = {
  service: "S.x",
  handler: "h",
  parameter: bytes("[1]"),
  headers: [{ key: "a", value: "b" }],
  key: "k",
  idempotencyKey: "once",
  scope: "",
  limitKey: "l",
  invocationIdCompletion: 7,
};
const tree: Future = {
  completions: [1, 200, 70_000],
  signals: [1, 17],
  namedSignals: ["go"],
  nested: [
    { completions: [], signals: [], namedSignals: [], nested: [], combinator: "allCompleted" },
  ],
  combinator: "firstCompleted",
};
const run = { completionId: 3, name: "charge" };

/** One of each, with every field in use. */
const everything: readonly Message[] = [
  {
    type: "start",
    id: new Uint8Array(24).fill(9),
    debugId: "inv_1x",
    knownEntries: 2,
    state: [{ key: bytes("k"), value: bytes("1") }],
    partialState: true,
    key: "k",
    retryCount: 4,
    durationMs: 5_000_000_000,
    randomSeed: 0xffff_ffff_ffff_ffffn,
    scope: "s",
    limitKey: "l",
    idempotencyKey: "",
  },
  { type: "suspension", completions: [1], signals: [1], namedSignals: ["n"], awaitingOn: tree },
  {
    type: "error",
    code: 570,
    message: "m",
    stacktrace: "at x",
    commandIndex: 0,
    commandName: "n",
    commandType: 0x411,
    nextRetryMs: 100,
    behavior: 2,
  },
  { type: "end" },
  {
    type: "proposeRunCompletion",
    completionId: 1,
    result: { type: "value", value: bytes("1") },
    requestedAck: true,
  },
  {
    type: "proposeRunCompletion",
    completionId: 1,
    result: { type: "failure", failure },
    requestedAck: false,
  },
  { type: "awaitingOn", awaitingOn: tree, executingSideEffects: true },
  { type: "proposeRunCompletionAck", completionId: 9 },
  { type: "input", headers: [{ key: "h", value: "" }], value: bytes("{}"), name: "" },
  { type: "output", result: { type: "failure", failure }, name: "" },
  { type: "output", result: { type: "value", value: new Uint8Array(0) }, name: "" },
  { type: "getLazyState", key: bytes("k"), ...run },
  { type: "setState", key: bytes("k"), value: bytes("v"), name: "" },
  { type: "clearState", key: bytes("k"), name: "" },
  { type: "clearAllState", name: "" },
  { type: "getLazyStateKeys", ...run },
  { type: "getEagerState", key: bytes("k"), result: { type: "void" }, name: "" },
  {
    type: "getEagerState",
    key: bytes("k"),
    result: { type: "value", value: bytes("v") },
    name: "",
  },
  { type: "getEagerStateKeys", keys: [bytes("a"), bytes("b")], name: "" },
  { type: "getPromise", key: "p", ...run },
  { type: "peekPromise", key: "p", ...run },
  { type: "completePromise", key: "p", result: { type: "failure", failure }, ...run },
  { type: "sleep", wakeUpAt: 1_800_000_000_000, ...run },
  { type: "call", ...target, ...run },
  { type: "oneWayCall", ...target, invokeAt: 1_800_000_000_000, name: "later" },
  {
    type: "sendSignal",
    target: "inv_1x",
    signal: { type: "index", index: 1 },
    result: { type: "void" },
    name: "",
  },
  {
    type: "sendSignal",
    target: "inv_1x",
    signal: { type: "name", name: "go" },
    result: { type: "failure", failure },
    name: "e",
  },
  { type: "run", ...run },
  {
    type: "attachInvocation",
    target: { type: "invocationId", invocationId: "inv_1x" },
    ...run,
  },
  {
    type: "getInvocationOutput",
    target: {
      type: "idempotentRequest",
      idempotentRequest: { service: "s", key: "", handler: "h", idempotencyKey: "i", scope: "c" },
    },
    ...run,
  },
  {
    type: "attachInvocation",
    target: { type: "workflow", workflow: { name: "w", key: "k", scope: "c" } },
    ...run,
  },
  {
    type: "completeAwakeable",
    awakeableId: "sign_1x",
    result: { type: "value", value: bytes("1") },
    name: "",
  },
  { type: "completion", of: "sleep", completionId: 1, result: { type: "void" } },
  {
    type: "completion",
    of: "callInvocationId",
    completionId: 2,
    result: { type: "invocationId", invocationId: "inv_1x" },
  },
  {
    type: "completion",
    of: "getLazyStateKeys",
    completionId: 2,
    result: { type: "stateKeys", stateKeys: [bytes("a")] },
  },
  { type: "signal", signal: { type: "index", index: 17 }, result: { type: "void" } },
  { type: "signal", signal: { type: "name", name: "go" }, result: { type: "failure", failure } },
];

const stream = Uint8Array.from(Buffer.concat(everything.map(encodeFrame)));

function readAll(chunks: readonly Uint8Array[], reader = new FrameReader()): Message[] {
  const messages = chunks.flatMap((chunk) => [...reader.push(chunk)]);
  reader.end();
  return messages;
}

/** A frame by hand. */
function frame(code: number, body: readonly number[], flags = 0): Uint8Array {
  const head = [code >> 8, code & 0xff, flags >> 8, flags & 0xff, 0, 0, body.length >> 8];
  return Uint8Array.from([...head, body.length & 0xff, ...body]);
}

const said = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(PerdureError);
    return error instanceof PerdureError ? error.message : "";
  }
  return "";
};

describe("frames", () => {
  test("every message comes out as it went in", () => {
    expect(readAll([stream])).toStrictEqual(everything);
  });

  test("in whatever pieces they come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        expect(readAll(chunks).map(encodeFrame)).toStrictEqual(everything.map(encodeFrame));
      }),
      { numRuns: 50 },
    );
  });

  test("a stream that ends within a message says so", () => {
    expect(said(() => readAll([stream.subarray(0, stream.length - 1)]))).toContain("middle");
  });

  test("fields of a newer protocol are skipped, in the message and in what it holds", () => {
    // Sleep { wakeUpAt: 1, completionId: 2 } with an unknown text, varint and group-less fixed64.
    const body = [0x08, 1, 0x58, 2, 0xa2, 0x06, 2, 0x68, 0x69, 0xa8, 0x06, 5, 0xb1, 0x06];
    const [message] = readAll([frame(0x040c, [...body, 0, 0, 0, 0, 0, 0, 0, 0])]);
    expect(message).toStrictEqual({ type: "sleep", name: "", wakeUpAt: 1, completionId: 2 });
  });

  test("lists of numbers may come one by one", () => {
    const [message] = readAll([frame(0x0001, [0x08, 1, 0x08, 2, 0x10, 1])]);
    expect(message).toMatchObject({ completions: [1, 2], signals: [1] });
  });

  test("a moment beyond what numbers reach is as far as they do", () => {
    const farthest = [0x08, ...Array.from({ length: 9 }, () => 0xff), 0x01, 0x58, 1];
    const [message] = readAll([frame(0x040c, farthest)]);
    expect(message).toMatchObject({ wakeUpAt: Number.MAX_SAFE_INTEGER });
  });

  test.each([
    ["a type that nobody knows", frame(0x03ff, []), "0x03ff"],
    ["a custom command", frame(0xfc01, []), "0xfc01"],
    ["a completion id of 0", frame(0x0411, [0x58, 0]), "begin at 1"],
    ["a missing completion id", frame(0x0411, []), "no completionId"],
    ["a missing result", frame(0x0401, []), "no result"],
    ["a field of another shape", frame(0x0411, [0x5a, 1, 1]), "field 11"],
    ["a field that is cut off", frame(0x0411, [0x62, 5, 1]), "0x0411"],
    ["a nested message that is cut off", frame(0x0401, [0x72, 9, 1]), "0x0401"],
    [
      "a nested field that is longer than its message",
      frame(0x0401, [0x72, 2, 0x0a, 3, 1, 1, 1]),
      "",
    ],
    ["text that is not UTF-8", frame(0x0411, [0x58, 1, 0x62, 1, 0xff]), "0x0411"],
    ["a combinator that nobody knows", frame(0x0001, [0x22, 2, 0x28, 9]), "combinator 9"],
    ["an acknowledgement asked of a command", frame(0x0411, [0x58, 1], 0x8000), "flags 0x8000"],
  ])("%s is refused", (_, bad, words) => {
    const message = said(() => readAll([bad]));
    expect(message).toContain("cannot be read");
    expect(message).toContain(words);
  });

  test("what came before a message that cannot be read is had", () => {
    const had: Message[] = [];
    const both = Buffer.concat([encodeFrame({ type: "end" }), frame(0x03ff, [])]);
    expect(() => {
      for (const message of new FrameReader().push(both)) had.push(message);
    }).toThrow(PerdureError);
    expect(had).toStrictEqual([{ type: "end" }]);
  });

  test("a frame may be as long as the limit, and not a byte longer", () => {
    const one = encodeFrame({ type: "setState", key: bytes("k"), value: bytes("v"), name: "" });
    const length = one.length - 8;
    expect(readAll([one], new FrameReader(length))).toHaveLength(1);
    // The header is enough: nothing of the body is waited for.
    const words = said(() => readAll([one.subarray(0, 8)], new FrameReader(length - 1)));
    expect(words).toContain(`the limit is ${length - 1} (RT0003)`);
    expect(messageLimits.frameBytes).toBe(33_554_432);
  });

  test("what is awaited may be nested as deep as the limit, and no deeper", () => {
    const nest = (depth: number): Future => {
      const leaf = { completions: [1], signals: [], namedSignals: [], nested: [] };
      let future: Future = { ...leaf, combinator: "firstCompleted" };
      for (let i = 0; i < depth; i++) {
        future = { ...leaf, completions: [], nested: [future], combinator: "unknown" };
      }
      return future;
    };
    const suspended = (depth: number) => {
      const plain = { completions: [], signals: [], namedSignals: [] };
      return encodeFrame({ type: "suspension", ...plain, awaitingOn: nest(depth) });
    };
    expect(readAll([suspended(messageLimits.futureDepth)])).toHaveLength(1);
    const words = said(() => readAll([suspended(messageLimits.futureDepth + 1)]));
    expect(words).toContain("RT0025");
  });

  test("whatever bytes come, they are read or refused in words", () => {
    fc.assert(
      fc.property(fc.nat(everything.length - 1), fc.array(fc.nat(255)), (which, noise) => {
        const whole = encodeFrame(everything[which] ?? { type: "end" });
        const body = whole.slice(8);
        noise.forEach((byte, i) => (body[(i * 7) % Math.max(1, body.length)] = byte));
        const code = new DataView(whole.buffer).getUint16(0);
        expect(said(() => decode(code, 0, body))).toMatch(/^$|cannot be read/);
      }),
      { numRuns: 2_000 },
    );
  });
});
