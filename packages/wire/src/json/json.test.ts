import type { JsonObject, Payload } from "@perdure/kernel";
import { PerdureError } from "@perdure/kernel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorFromJson, errorToJson, fromJson, parseJson, toJson, wireLimits } from "../index.ts";
import { payloadFromJson, payloadToJson } from "./payload.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a payload in JSON", () => {
  it("comes back with the same bytes, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("json", "binary/encrypted"),
        fc.uint8Array({ maxLength: 200 }),
        fc.option(fc.dictionary(fc.string(), fc.string()), { nil: undefined }),
        (encoding, data, metadata) => {
          const payload: Payload = { encoding, data, ...(metadata ? { metadata } : {}) };
          const json = JSON.stringify(payloadToJson(payload));
          expect(payloadFromJson(JSON.parse(json), "it")).toEqual(payload);
        },
      ),
    );
  });

  it("is text a person can read where it is JSON, and base64 where it is not UTF-8", () => {
    const text = '{"amount": 7}';
    expect(payloadToJson({ encoding: "json", data: bytes(text) })).toEqual({
      encoding: "json",
      text,
    });
    const torn = new Uint8Array([0x22, 0xff, 0x22]);
    expect(payloadToJson({ encoding: "json", data: torn })).toEqual({
      encoding: "json",
      data: "Iv8i",
    });
  });

  it("keeps a byte order mark", () => {
    const data = new Uint8Array([0xef, 0xbb, 0xbf, 0x31]);
    const json = payloadToJson({ encoding: "json", data });
    expect(payloadFromJson(json, "it").data).toEqual(data);
  });

  it.each(["Iv8", "Iv8i=", "I v8i", "Iv8-", "===="])("refuses %j as base64", (data) => {
    expect(() => payloadFromJson({ encoding: "x", data }, "the input")).toThrow(
      /the input.*base64/,
    );
  });

  it("refuses half of a surrogate pair", () => {
    const json = { encoding: "json", text: '"\ud800"' };
    expect(() => payloadFromJson(json, "the input")).toThrow(/surrogate/);
  });
});

describe("a value with payloads in it", () => {
  const note: Payload = { encoding: "json", data: bytes('"x"') };

  it("has them converted at any depth, and the user's own JSON left alone", () => {
    const looksLikeOne = { encoding: "json", data: "AA==" };
    const spec = {
      input: note,
      attributes: { input: looksLikeOne, value: { encoding: "json" } } as JsonObject,
      list: [{ outcome: { status: "failed", failure: { details: note } } }],
      overrides: { charge: note, input: note },
      empty: undefined,
    };
    const json = toJson(spec);
    expect(JSON.parse(JSON.stringify(json))).toEqual({
      input: { encoding: "json", text: '"x"' },
      attributes: spec.attributes,
      list: [
        { outcome: { status: "failed", failure: { details: { encoding: "json", text: '"x"' } } } },
      ],
      overrides: {
        charge: { encoding: "json", text: '"x"' },
        input: { encoding: "json", text: '"x"' },
      },
    });
    const { empty: _, ...rest } = spec;
    expect(fromJson(json, "the spec")).toEqual(rest);
  });

  it("takes plain values for payloads from people", () => {
    const json = { input: { value: { amount: 7 } } };
    const back = fromJson<{ input: Payload }>(json as never, "the start");
    expect(new TextDecoder().decode(back.input.data)).toBe('{"amount":7}');
  });

  it("says which field is not a payload", () => {
    expect(() => fromJson({ output: {} } as never, "the event")).toThrow(
      /the event.s output must be a payload/,
    );
  });

  it.each([
    null,
    7,
    [],
    { encoding: "json" },
    { encoding: "json", text: 7 },
    { encoding: 7, text: "7" },
    { encoding: "x", data: "", metadata: { a: 1 } },
    { encoding: "x", data: "", metadata: [] },
  ])("refuses %j as a payload", (json) => {
    expect(() => payloadFromJson(json, "the input")).toThrow(/the input must be a payload/);
  });

  it("does not let a text change what objects inherit", () => {
    const hostile = JSON.parse('{"a": {"__proto__": {"polluted": true}}}') as JsonObject;
    const back = fromJson<JsonObject>(hostile, "it");
    expect(Object.getPrototypeOf(back["a"])).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("JSON from strangers", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

  it("may be as deep as the limit, and not one deeper", () => {
    expect(parseJson(nested(wireLimits.jsonDepth), "the body")).toBeInstanceOf(Array);
    const error = /the body is nested more than 64 deep/;
    expect(() => parseJson(nested(wireLimits.jsonDepth + 1), "the body")).toThrow(error);
    expect(() => parseJson(nested(1_000_000), "the body")).toThrow(error);
  });

  it("does not count brackets in texts", () => {
    const text = JSON.stringify({ a: '\\"' + "[".repeat(200) });
    expect(parseJson(text, "the body")).toEqual(JSON.parse(text));
  });

  it("may have as many bytes as the limit, and not one more", () => {
    const text = (length: number): Uint8Array => bytes(`"${"x".repeat(length - 2)}"`);
    expect(parseJson(text(16), "the body", { bytes: 16 })).toHaveLength(14);
    expect(() => parseJson(text(17), "the body", { bytes: 16 })).toThrow(/the limit is 16/);
  });

  it.each([
    ["1e400", /too large/],
    ['"\\ud800"', /surrogate/],
    ["{", /not JSON/],
    ["", /not JSON/],
  ])("refuses %s", (text, why) => {
    expect(() => parseJson(text, "the body")).toThrow(why);
    expect(() => parseJson(bytes(text), "the body")).toThrow(PerdureError);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() => parseJson(new Uint8Array([0x22, 0xff, 0x22]), "the body")).toThrow(/UTF-8/);
  });
});

describe("an error", () => {
  it("comes to the caller with code, message and detail, and without cause or stack", () => {
    const cause = new Error("a secret");
    const error = new PerdureError("conflict", "Say it differently.", {
      detail: { runId: "r" },
      cause,
    });
    const body = errorToJson(error);
    expect(JSON.stringify(body)).not.toContain("secret");
    const back = errorFromJson(JSON.parse(JSON.stringify(body)) as JsonObject);
    expect(back).toMatchObject({
      code: "conflict",
      message: error.message,
      detail: { runId: "r" },
    });
  });

  it("with a code of a later version is internal, and a foreign body is none", () => {
    expect(errorFromJson({ error: { code: "new", message: "m" } })).toMatchObject({
      code: "internal",
    });
    for (const body of [null, [], "x", {}, { error: 7 }, { error: { code: 1 } }]) {
      expect(errorFromJson(body)).toBeUndefined();
    }
  });
});
