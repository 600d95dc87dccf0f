import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits, PerdureError, runId, runStream, type Envelope } from "@perdure/kernel";
import { decodeMessage, encodeMessage } from "./message.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.ts";

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** The code of the error, if there is one. */
function codeOf(action: () => unknown): unknown {
  try {
    action();
    return "none";
  } catch (error) {
    return error instanceof PerdureError ? error.code : error;
  }
}

describe("a state in bytes", () => {
  it("keeps Maps, Sets, lists and bytes apart, also within each other", () => {
    const state = {
      seq: 7,
      bytes: new Uint8Array([1, 2]),
      operations: new Map<unknown, unknown>([
        ["charge", { open: true, waiters: new Set(["a"]) }],
        ["empty", new Map()],
        [1, [[], [1, [2]], null]],
      ]),
      looksLikeAMap: [1, "a", "b"],
    };
    expect(decodeSnapshot(encodeSnapshot(state))).toEqual(state);
  });

  it("gives back any value of that kind", () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true }).map((n) => n + 0),
      fc.boolean(),
      fc.constant(null),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 4 }).map((e) => new Map(e)),
        fc.array(leaf, { maxLength: 4 }).map((items) => new Set(items)),
      ),
    }));
    fc.assert(
      fc.property(value, (state) => {
        expect(decodeSnapshot(encodeSnapshot(state))).toEqual(state);
      }),
    );
  });

  it("takes a state as deep as the limit, and refuses one deeper", () => {
    const deepest = nested(limits.snapshotDepth + 1);
    expect(decodeSnapshot(encodeSnapshot(deepest))).toEqual(deepest);
    expect(() => encodeSnapshot(nested(limits.snapshotDepth + 2))).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });

  it("reads mutated bytes as a state or says store-corrupt, and never crashes", () => {
    const state = new Map([["a", { list: [1, new Set([2]), new Uint8Array(3)] }]]);
    const bytes = new Uint8Array(encodeSnapshot(state));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, to) => {
        const mutated = bytes.with(at, to);
        expect(["none", "store-corrupt"]).toContain(codeOf(() => decodeSnapshot(mutated)));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("a message in bytes", () => {
  it("comes back as it was sent", () => {
    const id = runId(1, 2, "0123456789abcdef");
    const envelope: Envelope = {
      to: runStream(id),
      message: {
        type: "run.signal",
        signal: { name: "go", payload: { encoding: "json", data: new Uint8Array([49]) } },
      },
    };
    expect(decodeMessage(encodeMessage(envelope))).toEqual(envelope);
  });

  it("says store-corrupt when it is not a message", () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array([0x90]), encodeSnapshot({})]) {
      expect(() => decodeMessage(bytes)).toThrow(
        expect.objectContaining({ code: "store-corrupt" }),
      );
    }
  });
});
