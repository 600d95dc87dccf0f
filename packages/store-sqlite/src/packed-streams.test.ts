import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packStreams, unpackStreams } from "./packed-streams.ts";

const bytes = fc.uint8Array({ maxLength: 20 });
const head = fc.record({ seq: fc.maxSafeNat(), crc: fc.nat({ max: 2 ** 32 - 1 }) });
const found = fc.record({
  parts: fc.array(bytes, { maxLength: 3 }),
  start: head,
  end: head,
  snapshot: fc.option(fc.record({ seq: fc.maxSafeNat(), data: bytes }), { nil: undefined }),
});

describe("streams that were read together", () => {
  it("come out of one piece of memory as they went in", () => {
    fc.assert(
      fc.property(fc.array(fc.option(found, { nil: undefined })), (all) => {
        const asRead = all.map((one) => {
          if (one === undefined) return undefined;
          const { parts, start, end, snapshot } = one;
          const records = new Uint8Array(parts.flatMap((part) => [...part]));
          return { records, start, end, ...(snapshot === undefined ? {} : { snapshot }) };
        });
        expect(unpackStreams(packStreams(all.map(withoutAbsent)))).toEqual(asRead);
      }),
    );
  });
});

function withoutAbsent(
  one: (typeof found extends fc.Arbitrary<infer T> ? T : never) | undefined,
): Parameters<typeof packStreams>[0][number] {
  if (one === undefined) return undefined;
  const { snapshot, ...rest } = one;
  return snapshot === undefined ? rest : { ...rest, snapshot };
}
