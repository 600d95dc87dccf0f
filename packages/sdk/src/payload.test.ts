import { limits } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { decode, encode, encodePayload } from "./payload.ts";

describe("a value that goes to the journal", () => {
  test.each([undefined, null, true, 0, -1.5, "", "text ☂ \ud800", [1, [2]], { a: { b: null } }])(
    "comes back as it was: %j",
    (value) => {
      const { payload, stored } = encode(value, "it");
      expect(stored).toEqual(value);
      expect(decode(payload)).toEqual(stored);
    },
  );

  test("is what a replay will find, not what was handed in", () => {
    const value = { at: new Date(0), list: new Map([[1, 2]]), none: undefined, zero: -0 };
    const { payload, stored } = encode(value, "it");
    expect(stored).toEqual({ at: "1970-01-01T00:00:00.000Z", list: {}, zero: 0 });
    expect(decode(payload)).toEqual(stored);
  });

  test.each([
    ["a function", () => 1, /is a function/],
    ["a symbol", Symbol("s"), /is a symbol/],
    ["a bigint", 1n, /is a bigint/],
    ["a bigint inside", { n: 1n }, /cannot be written as JSON/],
    ["no number", NaN, /is NaN/],
  ])("is refused when it is %s", (_what, value, message) => {
    expect(() => encode(value, "the result")).toThrow(message);
  });

  test("is refused when it goes round in circles", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => encode(circle, "the result")).toThrow(/^the result cannot be written as JSON/);
  });

  test.each([
    ...[0, 1, 61, 62, 63, 64, 200].map((length) => "x".repeat(length)),
    "\u007f",
    "\u0080",
    `${"x".repeat(60)}é`,
    "☂",
    "\ud800",
  ])("is UTF-8, however it is written: %j", (text) => {
    const bytes = new TextEncoder().encode(JSON.stringify(text));
    expect(encodePayload(text, "it")).toStrictEqual({ encoding: "json", data: bytes });
  });

  test("may have as many bytes as the limit says, and not one more", () => {
    const fits = "x".repeat(limits.payloadBytes - 2);
    expect(encodePayload(fits, "it").data.length).toBe(limits.payloadBytes);
    expect(() => encode(`${fits}x`, "it")).toThrow(/store it elsewhere/);
  });
});

test("a payload of another encoding is not guessed at", () => {
  expect(() => decode({ encoding: "proto", data: new Uint8Array([1]) })).toThrow(/"proto"/);
});
