import { describe, expect, test } from "vitest";
import { failureOf, restateFailureOf } from "./failures.ts";
import { failurePayload, payloadOf, payloadOfResult, resultOfPayload } from "./payloads.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("payloads", () => {
  test.each(["", "{}", ' {"a":1}\n', "[]", '"a"', "0", "-1.5e+3", "true", "false", "null"])(
    "%j is JSON to both sides",
    (text) => expect(payloadOf(bytes(text))).toStrictEqual({ encoding: "json", data: bytes(text) }),
  );

  test.each(["{", "{]", '"', "tru", "hello", "1a", "--1", " ", "1".repeat(40), "\u0000{}"])(
    "%j is bytes",
    (text) =>
      expect(payloadOf(bytes(text))).toStrictEqual({ encoding: "bytes", data: bytes(text) }),
  );

  test("a small view of a large chunk is copied, a large one is not", () => {
    const chunk = new Uint8Array(100_000);
    expect(payloadOf(chunk.subarray(10, 20)).data.buffer.byteLength).toBe(10);
    expect(payloadOf(chunk.subarray(0, 90_000)).data.buffer).toBe(chunk.buffer);
  });

  test("a rejected promise is a payload of its own kind", () => {
    const failure = { code: 418, message: "tea ☕", metadata: [{ key: "a", value: "b" }] };
    expect(resultOfPayload(failurePayload(failure))).toStrictEqual({ type: "failure", failure });
    const value = { type: "value", value: bytes("1") } as const;
    expect(resultOfPayload(payloadOfResult(value))).toStrictEqual(value);
    const odd = { encoding: "failure", data: bytes("[]") };
    expect(resultOfPayload(odd)).toStrictEqual({ type: "value", value: bytes("[]") });
  });
});

describe("failures", () => {
  test.each([
    { code: 500, message: "", metadata: [] },
    { code: 4_294_967_295, message: "m", metadata: [] },
    {
      code: 409,
      message: "m",
      metadata: [
        { key: "1", value: "x" },
        { key: "0", value: "" },
      ],
    },
  ])("of Restate come back as they were: $code", (failure) => {
    expect(failureOf(failure).retryable).toBe(false);
    expect(restateFailureOf(failureOf(failure))).toStrictEqual(failure);
  });

  test.each([
    ["cancelled", "the run was cancelled", 409, "Cancelled"],
    ["cancelled", "by Ann", 409, "Cancelled: by Ann"],
    ["terminated", "the run was terminated", 409, "killed"],
    ["timed-out", "late", 408, "late"],
    ["not-found", "no such run", 404, "no such run"],
    ["conflict", "twice", 409, "twice"],
    ["overloaded", "full", 429, "full"],
    ["limit-exceeded", "large", 413, "large"],
    ["CardDeclined", "no funds", 500, "no funds"],
    ["4294967296", "m", 500, "m"],
    ["-1", "m", 500, "m"],
    ["toString", "m", 500, "m"],
  ])("of the kernel have a number: %s, %s", (code, message, number, words) => {
    const details = { encoding: "json", data: bytes('{"own":1}') };
    const expected = { code: number, message: words, metadata: [] };
    expect(restateFailureOf({ code, message, details })).toStrictEqual(expected);
  });
});
