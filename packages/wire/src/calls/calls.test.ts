import { expect, test } from "vitest";
import { packr } from "../frames/packr.ts";
import { wireLimits } from "../limits.ts";
import {
  decodeFromCaller,
  decodeToCaller,
  encodeCallsFrame,
  encodeFromCaller,
  encodeToCaller,
} from "./codec.ts";
import type { FromCaller, ToCaller, WireCall } from "./messages.ts";
import { OutgoingCalls } from "./outgoing.ts";

const call: WireCall = {
  type: "call",
  id: 1,
  operation: "runs.start",
  params: {},
  query: "",
  body: '{"workflow":"greet"}',
  headers: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
};
const asked: readonly FromCaller[] = [
  call,
  { type: "call", id: 2, operation: "runs.outcome", params: { runId: "x" }, query: "waitMs=30000" },
  { type: "forget", id: 2 },
];
const said: readonly ToCaller[] = [
  { type: "welcome", protocol: 1, server: "perdure/0.1.0", atOnce: 4_096, silenceMs: 45_000 },
  { type: "answer", id: 2, status: 204 },
  { type: "answer", id: 1, status: 503, body: '{"error":{}}', retryAfterS: 1 },
];

test("calls and answers come out of their frames as they went in", () => {
  expect(decodeFromCaller(encodeCallsFrame(asked.map(encodeFromCaller)))).toEqual(asked);
  expect(decodeToCaller(encodeCallsFrame(said.map(encodeToCaller)))).toEqual(said);
  expect(decodeFromCaller(encodeCallsFrame([]))).toEqual([]);
});

test.each<[string, unknown, string]>([
  ["no list", { a: 1 }, "it is not a list"],
  ["a message that is none", ["call"], "message 0 is not a list"],
  ["a kind that is unknown", [[9, 1]], "message 0 is of an unknown kind"],
  ["a field that is unknown", [[2, 1, 2]], "fields that are unknown"],
  ["a number that is none", [[2, 0]], "id is not a number from 1"],
  ["an operation that is no text", [[1, 1, 7, {}, ""]], "operation is not a text"],
  ["a body that is no text", [[1, 1, "a", {}, "", { workflow: "x" }]], "body is not a text"],
  ["a parameter that is no text", [[1, 1, "a", { runId: 1 }, ""]], "params .runId is not a text"],
  ["a call without a query", [[1, 1, "a", {}]], "query is missing"],
])("%s is refused", (_, frame, problem) => {
  expect(() => decodeFromCaller(packr.pack(frame))).toThrow(problem);
});

test("a frame, a query and the number of parameters are taken at their limits and not past them", () => {
  const with_ = (more: Partial<WireCall>): Uint8Array =>
    encodeCallsFrame([encodeFromCaller({ ...call, ...more })]);
  const { callQueryChars, callParams, callFrameBytes } = wireLimits;
  const query = "q".repeat(callQueryChars);
  expect(decodeFromCaller(with_({ query }))).toMatchObject([{ query }]);
  expect(() => decodeFromCaller(with_({ query: `${query}q` }))).toThrow("query is not a text");
  const params = Object.fromEntries(Array.from({ length: callParams }, (_, i) => [`p${i}`, "v"]));
  expect(decodeFromCaller(with_({ params }))).toMatchObject([{ params }]);
  const more = { ...params, more: "v" };
  expect(() => decodeFromCaller(with_({ params: more }))).toThrow(
    `more than ${callParams} entries`,
  );
  const room = callFrameBytes - with_({ body: "x".repeat(70_000) }).length + 70_000;
  expect(decodeFromCaller(with_({ body: "x".repeat(room) }))).toHaveLength(1);
  const tooLong = encodeCallsFrame([
    encodeFromCaller({ ...call, body: "x".repeat(room) }),
    encodeFromCaller({ type: "forget", id: 1 }),
  ]);
  expect(() => decodeFromCaller(tooLong)).toThrow(/too large/);
});

test("what is said in one turn leaves in one frame, and much of it in several", () => {
  const frames: Uint8Array[] = [];
  let turn = (): void => undefined;
  const outgoing = new OutgoingCalls(
    { defer: (flush) => void (turn = flush) },
    (frame) => void frames.push(frame),
  );
  const big = encodeFromCaller({ ...call, body: "x".repeat(wireLimits.frameTargetBytes) });
  for (const message of asked) outgoing.send(encodeFromCaller(message));
  expect(frames).toEqual([]);
  turn();
  expect(frames.map(decodeFromCaller)).toEqual([asked]);
  for (const message of [big, big, big]) outgoing.send(message);
  turn();
  expect(frames.slice(1).map((frame) => decodeFromCaller(frame).length)).toEqual([1, 1, 1]);
  outgoing.beat();
  expect(frames.slice(4).map(decodeFromCaller)).toEqual([[]]);
});
