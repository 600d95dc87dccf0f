import { expect, it } from "vitest";
import type { Message } from "../messages/messages.ts";
import { driverLimits } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";

const ack = (completionId: number): Message => ({ type: "proposeRunCompletionAck", completionId });

/** A far side that takes one write at a time. Each message has as many bytes as its id says. */
function slow() {
  const writes: number[] = [];
  const encoded: number[] = [];
  let ends = 0;
  const exchange = {
    write: (bytes: Uint8Array) => {
      writes.push(bytes.length);
      return false;
    },
    end: () => {
      ends += 1;
    },
  };
  const outgoing = new Outgoing(exchange, (message) => {
    const { completionId } = message as { completionId: number };
    encoded.push(completionId);
    return new Uint8Array(completionId);
  });
  return { outgoing, writes, encoded, ends: () => ends };
}

it("writes small messages together up to its limit, and encodes none that has to wait", () => {
  const { outgoing, writes, encoded, ends } = slow();
  const { writeBytes } = driverLimits;
  outgoing.send([ack(1), ack(writeBytes - 2), ack(1), ack(5), ack(writeBytes + 9), ack(2)]);
  expect(writes).toEqual([writeBytes]);
  expect(encoded).toHaveLength(3);
  outgoing.send([ack(3)]);
  outgoing.end();
  expect([encoded.length, ends(), outgoing.isEmpty]).toEqual([3, 0, false]);
  outgoing.drained();
  expect(writes).toEqual([writeBytes, writeBytes + 14]);
  outgoing.drained();
  expect(writes).toEqual([writeBytes, writeBytes + 14, 5]);
  expect([encoded.length, ends(), outgoing.isEmpty]).toEqual([7, 1, true]);
});
