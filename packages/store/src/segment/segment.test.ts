import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StreamId } from "@perdure/kernel";
import { nothing, stream, text, untext } from "../contract/fixture.ts";
import type { Batch } from "../store.ts";
import { decodeFrames, encodeFrames } from "./frame.ts";
import { readRecords, sealRecord } from "./record.ts";

function batch(parts: Partial<Batch> = {}): Batch {
  return {
    partition: 3,
    epoch: 2 ** 40,
    number: 9,
    ...nothing,
    ...parts,
  };
}

/** Three sealed records of a stream. */
function records(name: StreamId = stream(1)): Buffer[] {
  const appends = [1, 3, 4].map((from) => ({
    stream: name,
    from,
    events: from === 1 ? [text("one"), text("two")] : [text(`event ${from}`)],
  }));
  const segment = encodeFrames([batch({ appends })]);
  const [frame] = decodeFrames(segment);
  let crc = 0;
  return (frame?.records ?? []).map(({ at, end }) => {
    crc = sealRecord(segment, at, end, name, crc);
    return segment.subarray(at, end);
  });
}

function read(parts: readonly Buffer[], name: StreamId = stream(1)): readonly string[] {
  return readRecords(Buffer.concat(parts), name, { seq: 0, crc: 0 }).map(untext);
}

const corrupt: unknown = expect.objectContaining({ code: "store-corrupt" });

describe("a segment", () => {
  it("gives back what each batch added", () => {
    const written = [
      batch({
        appends: [
          { stream: "key/ä/\u{1F600}/x" as StreamId, from: 5, events: [text("a"), text("")] },
        ],
        outbox: [{ to: 4_095, seq: 2 ** 40, data: text("message") }],
        marks: [{ from: 7, seq: 8 }],
      }),
      batch({ partition: 0, number: 1 }),
    ];
    const [first, second] = decodeFrames(encodeFrames(written));
    expect(first).toMatchObject({ partition: 3, epoch: 2 ** 40, number: 9 });
    expect(first?.records.map((record) => record.stream)).toEqual(["key/ä/\u{1F600}/x"]);
    expect(first?.outbox.map(({ to, seq, data }) => [to, seq, untext(data)])).toEqual([
      [4_095, 2 ** 40, "message"],
    ]);
    expect(first?.marks).toEqual([{ from: 7, seq: 8 }]);
    expect(second).toMatchObject({ partition: 0, number: 1, records: [], outbox: [], marks: [] });
  });

  it("is one piece of memory, so that it can change threads", () => {
    const segment = encodeFrames([batch()]);
    expect(segment.buffer.byteLength).toBe(segment.length);
  });

  it("gives the records of a stream back in order", () => {
    expect(read(records())).toEqual(["one", "two", "event 3", "event 4"]);
  });

  it("shows a record that is missing, moved, altered, cut or another stream's", () => {
    const [a, b, c] = records() as [Buffer, Buffer, Buffer];
    const other = records(stream(2));
    const altered = Buffer.from(b);
    altered[altered.length - 1] = 0;
    const cases = [
      [a, c],
      [b, c],
      [a, c, b],
      [a, altered],
      [a, b.subarray(0, -1)],
      [a, other[1] ?? a],
    ];
    for (const parts of cases) expect(() => read(parts)).toThrow(corrupt);
    expect(() => read([a, b, c], stream(2))).toThrow(corrupt);
  });

  it("never reads mutated bytes as something else", () => {
    const appends = [{ stream: stream(1), from: 1, events: [text("payload")] }];
    const outbox = [{ to: 1, seq: 1, data: text("message") }];
    const segment = encodeFrames([batch({ appends, outbox })]);
    const [framed] = decodeFrames(segment)[0]?.records ?? [];
    if (framed !== undefined) sealRecord(segment, framed.at, framed.end, stream(1), 0);
    fc.assert(
      fc.property(
        fc.nat({ max: segment.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, by) => {
          const mutated = Buffer.from(segment);
          mutated[at] = (mutated[at] ?? 0) ^ by;
          expect(() => {
            const [frame] = decodeFrames(mutated);
            read((frame?.records ?? []).map((record) => mutated.subarray(record.at, record.end)));
          }).toThrow(corrupt);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
