import type { Opened } from "@perdure/store";
import { expect, test } from "vitest";
import { findGap, gapAmong } from "./gap.ts";

const nothing: Opened = {
  epoch: 1,
  lastBatch: 0,
  streams: [],
  outbox: [],
  marks: [],
  sent: [],
};
const own = { number: 0, sent: new Map([[1, 5]]), applied: (peer: number) => (peer === 1 ? 3 : 0) };

test.each([
  [{ peer: 1, mark: 5, delivered: 3 }, undefined],
  [{ peer: 1, mark: 0, delivered: 0 }, undefined],
  [
    { peer: 1, mark: 6, delivered: 3 },
    { of: "sent", partition: 0, peer: 1, own: 5, known: 6 },
  ],
  [
    { peer: 1, mark: 5, delivered: 4 },
    { of: "applied", partition: 0, peer: 1, own: 3, known: 4 },
  ],
  [
    { peer: 2, mark: 1, delivered: 0 },
    { of: "sent", partition: 0, peer: 2, own: 0, known: 1 },
  ],
])("what a peer knows (%o) is held against what one knows oneself", (peer, gap) => {
  expect(findGap(own, [peer])).toEqual(gap);
});

test.each([
  ["all was applied", [], 5, undefined],
  ["what is left follows on", [4, 5], 3, undefined],
  ["what is left was applied in part", [4, 5], 4, undefined],
  ["more was applied than sent", [], 6, { of: "sent", partition: 0, peer: 1, own: 5, known: 6 }],
  [
    "what was not applied is gone",
    [4, 5],
    2,
    { of: "applied", partition: 1, peer: 0, own: 2, known: 3 },
  ],
] as const)("of a whole store, where %s", (_, waiting, mark, gap) => {
  const outbox = waiting.map((seq) => ({ to: 1, seq, data: new Uint8Array() }));
  const sender = { ...nothing, outbox, sent: [{ to: 1, seq: 5 }] };
  const receiver = { ...nothing, marks: [{ from: 0, seq: mark }] };
  expect(gapAmong([sender, receiver])).toEqual(gap);
});
