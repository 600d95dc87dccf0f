import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planLoans, type Borrowing, type Pool } from "./loan-plan.ts";

const turns = { patienceMs: 100, termMs: 300 };
const WORLD_MS = 15_000;

const borrowing = (node: string, more: Partial<Borrowing> = {}): Borrowing => {
  const base = { wants: 0, waitedMs: 0, slots: 0, promised: 0, heldMs: 0, room: Infinity };
  return { node, ...base, ...more };
};

const empty = { capacity: 10, busy: 0, parked: 0, wants: 0, heldMs: 0, waitedMs: 0 };

const plan = (pool: Partial<Pool>, ...borrowings: Borrowing[]) =>
  planLoans({ ...empty, ...pool, borrowings }, turns);

const promised = (changes: ReturnType<typeof plan>) => changes.map((change) => change.promised);
const recalls = (changes: ReturnType<typeof plan>) =>
  changes.map(({ recall, keep }) => [recall, keep]);

describe("slots of a worker", () => {
  it("that are free go to whoever asks, those who have waited longest first (F1)", () => {
    const a = borrowing("a", { wants: 5, waitedMs: 1 });
    const b = borrowing("b", { wants: 4, waitedMs: 2 });
    expect(promised(plan({ busy: 3 }, a, b))).toEqual([3, 4]);
  });

  it("are not promised past what the queue's concurrency leaves", () => {
    expect(promised(plan({}, borrowing("a", { wants: 5, room: 2 })))).toEqual([2]);
  });

  it("with coroutines that wait are given up to a share, those in use only to who has waited (F2)", () => {
    const asks = borrowing("a", { wants: 9, waitedMs: 99 });
    expect(promised(plan({ parked: 10 }, asks))).toEqual([5]);
    expect(promised(plan({ busy: 10 }, asks))).toEqual([0]);
    expect(promised(plan({ busy: 10 }, { ...asks, waitedMs: 100 }))).toEqual([5]);
  });

  it("that are promised are not promised again, and not for longer than they are wanted", () => {
    const asks = borrowing("a", { wants: 9, waitedMs: 500, promised: 5 });
    expect(promised(plan({ busy: 10 }, asks))).toEqual([5]);
    expect(promised(plan({ busy: 10 }, { ...asks, wants: 2 }))).toEqual([2]);
  });

  it("come back for this node's own work: idle ones all, those in use beyond a share (F3)", () => {
    const has = borrowing("a", { slots: 8, heldMs: 9_000 });
    expect(recalls(plan({ busy: 2, wants: 1 }, has))).toEqual([[1, 5]]);
    expect(recalls(plan({ busy: 2, wants: 20 }, has))).toEqual([[8, 5]]);
    expect(recalls(plan({ busy: 2 }, has))).toEqual([[0, 0]]);
  });

  it("come back for a third node that has less than a share", () => {
    const rich = borrowing("a", { slots: 9 });
    const poor = borrowing("b", { wants: 3, waitedMs: 100 });
    const changes = plan({ busy: 1 }, rich, poor);
    expect(promised(changes)).toEqual([0, 3]);
    expect(recalls(changes)).toEqual([
      [3, 3],
      [0, 0],
    ]);
  });

  it("too few for all are everybody's in turn (F3)", () => {
    const has = borrowing("a", { slots: 1, heldMs: 299 });
    expect(recalls(plan({ capacity: 1, wants: 5 }, has))).toEqual([[1, 1]]);
    expect(recalls(plan({ capacity: 1, wants: 5 }, { ...has, heldMs: 300 }))).toEqual([[1, 0]]);
    const asks = borrowing("a", { wants: 5, waitedMs: 900 });
    expect(promised(plan({ capacity: 1, wants: 5, busy: 1, heldMs: 299 }, asks))).toEqual([0]);
    expect(promised(plan({ capacity: 1, wants: 5, busy: 1, heldMs: 300 }, asks))).toEqual([1]);
    const other = borrowing("b", { wants: 5, waitedMs: 901 });
    expect(promised(plan({ capacity: 1, busy: 1 }, asks, other))).toEqual([0, 1]);
    expect(promised(plan({ capacity: 1, wants: 1, waitedMs: 950 }, has, asks))).toEqual([0, 0]);
  });

  it("of a bounded queue alone are recalled for work that waits for its concurrency", () => {
    const bounded = borrowing("a", { slots: 2, room: 0 });
    const free = borrowing("a", { slots: 3 });
    expect(recalls(plan({ busy: 1, wants: 4 }, bounded, free))).toEqual([
      [2, 2],
      [0, 0],
    ]);
  });
});

/** Nodes that always have work, and a worker whose steps take a while: who gets how many turns? */
function served(capacity: number, nodes: number, isOwnBusy: boolean, stepMs: number): number[] {
  const done = Array.from({ length: nodes + 1 }, () => 0);
  let running: { readonly node: number; readonly until: number }[] = [];
  const lent = Array.from({ length: nodes }, () => ({ slots: 0, promised: 0, keep: 0, since: 0 }));
  const asked = lent.map(() => 0);
  let turn = { isOwn: false, since: 0 };
  const inUse = (node: number): number => running.filter((one) => one.node === node).length;
  const begin = (node: number, most: number, now: number): void => {
    for (let n = inUse(node); n < most; n++) running.push({ node, until: now + stepMs });
  };
  const serveOwn = (now: number): void => {
    const gone = lent.reduce((sum, { slots, promised: due }) => sum + slots + due, 0);
    if (isOwnBusy) begin(0, capacity - gone, now);
  };
  for (let now = 0; now < WORLD_MS; now += 20) {
    for (const { node, until } of running) if (until <= now) done[node]!++;
    running = running.filter(({ until }) => until > now);
    for (const [at, one] of lent.entries()) {
      const back = one.slots - Math.max(inUse(at + 1), one.keep);
      if (back > 0) asked[at] = now;
      one.slots -= Math.max(0, back);
    }
    // What comes back is offered to this node's own work before anybody looks.
    serveOwn(now);
    const own = inUse(0);
    const borrowings = lent.map(({ slots, promised: due, since }, at) => {
      const waitedMs = now - asked[at]!;
      const heldMs = slots === 0 ? 0 : now - since;
      return borrowing(`${at}`, { slots, promised: due, wants: 50, waitedMs, heldMs });
    });
    const wants = isOwnBusy ? 50 : 0;
    if (own > 0 !== turn.isOwn) turn = { isOwn: own > 0, since: now };
    const lasted = now - turn.since;
    const mine = { busy: own, heldMs: own > 0 ? lasted : 0, waitedMs: own > 0 ? 0 : lasted };
    const changes = planLoans({ capacity, parked: 0, wants, borrowings, ...mine }, turns);
    for (const [at, change] of changes.entries()) {
      lent[at]!.promised = change.promised;
      lent[at]!.keep = lent[at]!.slots - Math.min(change.recall, lent[at]!.slots - change.keep);
    }
    for (const at of [...lent.keys()].toSorted((x, y) => asked[x]! - asked[y]!)) {
      const one = lent[at]!;
      const free = capacity - own - lent.reduce((sum, { slots }) => sum + slots, 0);
      const give = Math.max(0, Math.min(one.promised, free));
      if (give > 0 && one.slots === 0) one.since = now;
      one.slots += give;
      one.keep += give;
      one.promised -= give;
    }
    for (const [at, { keep, slots }] of lent.entries()) begin(at + 1, Math.min(keep, slots), now);
    serveOwn(now);
    expect(running.length).toBeLessThanOrEqual(capacity);
  }
  return done;
}

describe("when everybody always has work", () => {
  it("nobody starves, whatever the number of slots and nodes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.integer({ min: 10, max: 700 }),
        (capacity, nodes, isOwnBusy, stepMs) => {
          const done = served(capacity, nodes, isOwnBusy, stepMs);
          const parties = isOwnBusy ? done : done.slice(1);
          const fair = (capacity * WORLD_MS) / stepMs / parties.length;
          for (const count of parties) expect(count).toBeGreaterThan(Math.floor(fair / 5) - 2);
        },
      ),
      { numRuns: 40 },
    );
  });
});
