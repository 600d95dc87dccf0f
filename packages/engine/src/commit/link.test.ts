import { expect, test } from "vitest";
import type { Envelope, StreamId } from "@perdure/kernel";
import { Link } from "./link.ts";

const envelope: Envelope = { to: "key/test/workflow/k" as StreamId, message: { type: "wake" } };

function pass(link: Link): void {
  link.release(link.sent);
  while (link.peek() !== undefined) link.take();
}

test("a link holds what is not acked, and next to nothing else", () => {
  const link = new Link(0, 1);
  for (let i = 0; i < 100; i++) {
    link.send(envelope);
    pass(link);
    link.ack(link.applied);
    expect(link.held).toBe(0);
  }
  let most = 0;
  for (let i = 0; i < 1_000; i++) {
    link.send(envelope);
    pass(link);
    // The last few are always on their way to disk.
    link.ack(Math.max(link.acked, link.applied - 3));
    most = Math.max(most, link.held);
  }
  expect(most).toBeLessThanOrEqual(20);
  expect([...link.unacked()].map(({ seq }) => seq)).toEqual([1_098, 1_099, 1_100]);
});
