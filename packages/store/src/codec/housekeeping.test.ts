import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "@perdure/kernel";
import { blob, nothing, row, stream } from "../contract/fixture.ts";
import type { Batch } from "../store.ts";
import { packHousekeeping, unpackHousekeeping, type Housekeeping } from "./housekeeping.ts";

const empty: Batch = { partition: 0, epoch: 1, number: 1, ...nothing };

const bytes = fc.uint8Array({ maxLength: 20 });
const name = fc.nat({ max: 9 }).map((n) => stream(n));
const attributes = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue());
const settled = fc.record(
  {
    stream: name,
    hasWork: fc.boolean(),
    alarm: fc.maxSafeNat(),
    snapshot: fc.record({ seq: fc.maxSafeNat(), data: bytes }),
  },
  { requiredKeys: ["stream", "hasWork"] },
);
const housekeeping = fc.record({
  index: fc.array(attributes.map((given) => row(1, { attributes: asWritten(given) }))),
  settle: fc.array(settled),
  forget: fc.array(name),
  blobs: fc.array(fc.tuple(name, bytes).map(([of, data]) => blob(of, data))),
});

describe("a commit's housekeeping", () => {
  it("is nothing when no batch has any", () => {
    expect(packHousekeeping([empty, empty])).toBeUndefined();
  });

  it("comes out as it went in, for each batch", () => {
    fc.assert(
      fc.property(fc.array(housekeeping, { minLength: 1, maxLength: 3 }), (parts) => {
        const packed = packHousekeeping(parts.map((part) => ({ ...empty, ...part })));
        const unpacked: readonly Housekeeping[] | undefined = packed && unpackHousekeeping(packed);
        expect(unpacked ?? parts.map(() => bare)).toEqual(parts);
      }),
    );
  });

  it("has its bytes in memory of its own, so that it can change threads", () => {
    const data = new Uint8Array(new ArrayBuffer(100), 10, 5);
    const settle = [{ stream: stream(1), hasWork: false, snapshot: { seq: 1, data } }];
    const packed = packHousekeeping([{ ...empty, settle }]);
    expect(packed?.bytes?.buffer.byteLength).toBe(5);
  });
});

const bare: Housekeeping = { blobs: [], index: [], settle: [], forget: [] };

/** JSON knows no negative zero. */
function asWritten(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
