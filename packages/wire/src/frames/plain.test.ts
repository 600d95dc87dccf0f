import fc from "fast-check";
import { expect, test } from "vitest";
import { wireLimits } from "../limits.ts";
import { packPlain, unpackPlain } from "./plain.ts";

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  // Without -0, which arrives as 0.
  fc.double().map((number) => number + 0),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 100 }),
);
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    leaf,
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(
      fc.string({ unit: "binary", maxLength: 8 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value;

/** `toEqual`: a field that is undefined is as good as none. */
test("plain data arrives as it was sent", () => {
  fc.assert(
    fc.property(plain, (value) => {
      expect(unpackPlain(packPlain(value))).toEqual(value);
    }),
  );
});

test("a hole in a list stays where it is", () => {
  const args = ["run", undefined, "id", { input: undefined }];
  expect(unpackPlain(packPlain(args))).toStrictEqual(["run", undefined, "id", {}]);
});

test("bytes that were cut off, promise too much or hold anything else are refused", () => {
  const whole = packPlain({ text: "a text", list: [1, 2, 3], bytes: new Uint8Array(40) });
  for (let at = 0; at < whole.length; at++) {
    expect(() => unpackPlain(whole.subarray(0, at))).toThrow(/ends too early/);
  }
  expect(() => unpackPlain(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff))).toThrow(/too early/);
  // A date, and an extension of the size that holes have.
  expect(() => unpackPlain(Uint8Array.of(0xd6, 0xff, 0, 0, 0, 0))).toThrow(/extension/);
  expect(() => unpackPlain(Uint8Array.of(0xd4, 0x01, 0x00))).toThrow(/extension/);
});

test("it may be nested so deep, and not deeper", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = null;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  };
  expect(() => unpackPlain(packPlain(nested(wireLimits.plainDepth)))).not.toThrow();
  expect(() => unpackPlain(packPlain(nested(wireLimits.plainDepth + 1)))).toThrow(/nested/);
});

test("it may hold so many values, and not one more", () => {
  const listOf = (items: number): Uint8Array => {
    const bytes = new Uint8Array(5 + items).fill(0xc0);
    bytes[0] = 0xdd;
    new DataView(bytes.buffer).setUint32(1, items);
    return bytes;
  };
  // The list is one itself.
  expect(unpackPlain(listOf(wireLimits.plainItems - 1))).toHaveLength(wireLimits.plainItems - 1);
  expect(() => unpackPlain(listOf(wireLimits.plainItems))).toThrow(/items/);
});
