import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { Envelope, StreamId } from "@perdure/kernel";
import { Fifo } from "./core/fifo.ts";
import { Link } from "./commit/link.ts";
import { AlarmHeap, type AlarmEntry } from "./time/alarm-heap.ts";
import { FairQueue } from "./workers/fair-queue.ts";

describe("the alarm heap", () => {
  it("always has the soonest on top, whatever was moved and removed", () => {
    const moves = fc.array(fc.tuple(fc.nat(15), fc.option(fc.nat(1_000))), { maxLength: 200 });
    fc.assert(
      fc.property(moves, (steps) => {
        const heap = new AlarmHeap();
        const entries = Array.from({ length: 16 }, (): AlarmEntry => ({
          at: 0,
          index: -1,
          home: 0,
          stream: undefined,
        }));
        const model = new Map<AlarmEntry, number>();
        for (const [i, at] of steps) {
          const entry = entries[i]!;
          if (at === null) {
            heap.remove(entry);
            model.delete(entry);
          } else {
            heap.set(entry, at);
            model.set(entry, at);
          }
          expect(heap.size).toBe(model.size);
          expect(heap.top()?.at ?? Infinity).toBe(Math.min(...model.values()));
        }
      }),
    );
  });
});

describe("the queue of a partition", () => {
  it("is first in, first out over any mix of pushes and shifts", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 5_000 }), (pushes) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const [i, isPush] of pushes.entries()) {
          const shifted = isPush ? void fifo.push(i) : fifo.shift();
          const expected = isPush ? void model.push(i) : model.shift();
          expect(shifted).toBe(expected);
          expect(fifo.peek()).toBe(model[0]);
          expect(fifo.length).toBe(model.length);
        }
      }),
      { numRuns: 20 },
    );
  });

  it("can be filled and emptied again, however long it was", () => {
    const fifo = new Fifo<number>();
    for (const length of [1, 64, 65, 5_000, 3]) {
      for (let i = 0; i < length; i++) fifo.push(i);
      for (let i = 0; i < length; i++) expect(fifo.shift()).toBe(i);
      expect([fifo.length, fifo.peek(), fifo.shift()]).toEqual([0, undefined, undefined]);
    }
  });
});

describe("the queue of waiting work", () => {
  it("gives what is not withdrawn, higher priorities first, each fairness key in turn", () => {
    const queue = new FairQueue<{
      name: string;
      priority: number;
      fairnessKey: string;
      isWithdrawn: boolean;
    }>();
    const item = (name: string, priority: number, fairnessKey: string) => {
      const made = { name, priority, fairnessKey, isWithdrawn: false };
      queue.push(made);
      return made;
    };
    item("a1", 0, "a");
    item("a2", 0, "a");
    const gone = item("b1", 0, "b");
    item("b2", 0, "b");
    item("high", 1, "a");
    queue.withdraw(gone);
    queue.withdraw(gone);
    expect(queue.size).toBe(4);
    const order = Array.from({ length: 5 }, () => queue.take()?.name);
    expect(order).toEqual(["high", "a1", "b2", "a2", undefined]);
    expect(queue.size).toBe(0);
  });
});

describe("a link between partitions", () => {
  const envelope = (n: number): Envelope => ({
    to: `run/${n}` as StreamId,
    message: { type: "wake" },
  });

  it("hands over what is durable, in order, and again what the receiver forgot", () => {
    const link = new Link(0, 1);
    for (let n = 1; n <= 3; n++) expect(link.send(envelope(n))).toBe(n);
    expect(link.peek()).toBeUndefined();
    link.release(2);
    expect(link.peek()).toEqual(envelope(1));
    link.take();
    link.ack(1);
    link.take();
    expect(link.peek()).toBeUndefined();
    link.forgetUnacked();
    expect(link.peek()).toEqual(envelope(2));
  });

  it("forgets what its sender had sent in a lost batch", () => {
    const link = new Link(0, 1);
    link.send(envelope(1));
    link.release(1);
    link.send(envelope(2));
    link.forgetUnreleased();
    expect(link.sent).toBe(1);
    expect(link.send(envelope(9))).toBe(2);
    link.release(2);
    link.take();
    expect(link.peek()).toEqual(envelope(9));
  });
});
