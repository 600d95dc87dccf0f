import { expect, test } from "vitest";
import { traceContextOf, traceHeaders, withTrace } from "./trace-context.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${trace}-00f067aa0ba902b7-01`;

test("a context is read, and written as it was", () => {
  const headers = { traceparent, tracestate: "vendor=1" };
  const context = traceContextOf(headers);
  expect(context).toEqual({
    traceId: trace,
    spanId: "00f067aa0ba902b7",
    flags: 1,
    state: "vendor=1",
  });
  expect(traceHeaders(context)).toEqual(headers);
});

test.each([
  ["nothing", undefined],
  ["no context", "gibberish"],
  ["a version that never will be", traceparent.replace(/^00/, "ff")],
  ["more than version 00 has", `${traceparent}-more`],
  ["capitals", traceparent.toUpperCase()],
  ["no trace", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
  ["no span", `00-${trace}-${"0".repeat(16)}-01`],
])("%s begins a trace anew", (_, given) => {
  expect(traceContextOf({ traceparent: given })).toBeUndefined();
});

test("a later version may have more fields", () => {
  expect(traceContextOf({ traceparent: `01-${traceparent.slice(3)}-more` })?.traceId).toBe(trace);
});

test("a state is dropped at one character past its limit", () => {
  const state = (chars: number) => traceContextOf({ traceparent, tracestate: "s".repeat(chars) });
  expect(state(512)?.state).toHaveLength(512);
  expect(state(513)?.state).toBeUndefined();
});

test("a context never takes the place of a given one", () => {
  expect(withTrace({ traceparent: "own" }, { traceparent })).toEqual({
    headers: { traceparent: "own" },
  });
  expect(withTrace({ tenant: "a" }, { traceparent })).toEqual({
    headers: { tenant: "a", traceparent },
  });
  expect(withTrace(undefined, {})).toEqual({});
});
