/**
 * Who gets which slots of a worker: its own node, and the others that ask for it. A pure function of
 * what there is, so that its rules can be read and tested in one place.
 *
 * F1  A free slot goes to whoever asks for it.
 * F2  A node that has less than a share (the slots divided by those who want some, at least 1) is
 *     promised the next ones that come free. Coroutines that wait give way at once; work in
 *     progress when it has ended, and only for somebody who has been waiting for a while.
 * F3  Slots that are wanted back come from whoever has no work for them, then from whoever has more
 *     than a share. Where there are fewer slots than parties, everybody has a turn of `termMs`, its
 *     own node too, and whoever has waited longest is next.
 * F4  A promise is no slot: it becomes one when a slot is free. So what is lent and what is in use
 *     never exceed what there is.
 */

/** What another node has and wants of one queue of the worker. */
export interface Borrowing {
  readonly node: string;
  /** Runs or steps that wait there for names of the queue. */
  readonly wants: number;
  /** For how long it has been asking for more than it has. */
  readonly waitedMs: number;
  readonly slots: number;
  readonly promised: number;
  /** Since the first of its slots was lent. */
  readonly heldMs: number;
  /** What the queue's concurrency leaves beside all that is lent and promised; Infinity: it has none. */
  readonly room: number;
}

/** The slots of one worker for one kind of work. */
export interface Pool {
  readonly capacity: number;
  /** Slots with work of this node in progress. */
  readonly busy: number;
  /** Slots with coroutines of this node that wait. */
  readonly parked: number;
  /** Work of this node that waits for the worker. */
  readonly wants: number;
  /** For how long this node has had work in progress on it without a pause, or has had none. */
  readonly heldMs: number;
  readonly waitedMs: number;
  readonly borrowings: readonly Borrowing[];
}

export interface Turns {
  readonly patienceMs: number;
  readonly termMs: number;
}

/** What is to be done about the `Borrowing` at the same place in the list. */
export interface Change {
  /** In place of what was promised before. */
  readonly promised: number;
  /** So many of its slots are wanted back. */
  readonly recall: number;
  /** Of those with work in progress it keeps so many. */
  readonly keep: number;
}

export function planLoans(pool: Pool, turns: Turns): readonly Change[] {
  const { capacity, busy, parked, wants, borrowings } = pool;
  const share = Math.max(1, Math.floor(capacity / partiesOf(pool)));
  const promised = promisesOf(pool, turns, share);
  const taken = busy + sum(borrowings.map(({ slots }) => slots));
  // With a slot free, what waits here waits for the concurrency of its queue.
  const isFull = taken + parked >= capacity;
  let missing = Math.max(0, taken + sum(promised) - capacity) + wants;
  const changes = promised.map((count) => ({ promised: count, recall: 0, keep: 0 }));
  for (const at of orderOf(borrowings, ({ slots }) => slots)) {
    const one = borrowings[at];
    if (one === undefined || missing <= 0 || one.slots === 0) break;
    if (!isFull && one.room === Infinity) continue;
    const others = sum(borrowings.map(({ node, slots }) => (node === one.node ? slots : 0)));
    const due = share - (others - one.slots);
    const isOver = isScarce(pool) && one.heldMs >= turns.termMs;
    const keep = isOver ? 0 : Math.min(one.slots, Math.max(0, due));
    changes[at] = { promised: promised[at] ?? 0, recall: Math.min(one.slots, missing), keep };
    missing -= one.slots - keep;
  }
  return changes;
}

/** Its own node is one of them. */
function partiesOf({ borrowings }: Pool): number {
  const others = borrowings.filter(({ wants, slots, promised }) => wants + slots + promised > 0);
  return new Set(others.map(({ node }) => node)).size + 1;
}

function isScarce(pool: Pool): boolean {
  return pool.capacity < partiesOf(pool);
}

/** Is the next slot that comes free this node's rather than theirs (F3)? */
function isOwnTurn(pool: Pool, one: Borrowing, { termMs }: Turns): boolean {
  if (!isScarce(pool) || pool.wants === 0) return false;
  return pool.busy > 0 ? pool.heldMs < termMs : pool.waitedMs >= one.waitedMs;
}

/** F1, F2. Those who have waited longest are first. */
function promisesOf(pool: Pool, turns: Turns, share: number): number[] {
  const { capacity, busy, parked, borrowings } = pool;
  const promised = borrowings.map((one) => Math.min(one.promised, one.wants));
  const lent = sum(borrowings.map(({ slots }) => slots));
  let free = Math.max(0, capacity - busy - parked - lent - sum(promised));
  let yielding = parked;
  for (const at of orderOf(borrowings, ({ waitedMs }) => waitedMs)) {
    const one = borrowings[at];
    if (one === undefined) continue;
    const already = promised[at] ?? 0;
    const most = Math.max(0, Math.min(one.wants - already, one.room));
    const first = Math.min(most, free);
    const has = sum(
      borrowings.map(({ node, slots }, i) => (node === one.node ? slots + (promised[i] ?? 0) : 0)),
    );
    const below = Math.max(0, Math.min(most, share - has) - first);
    const second = Math.min(below, yielding);
    const isDue = one.waitedMs >= turns.patienceMs && !isOwnTurn(pool, one, turns);
    const open = isScarce(pool) ? capacity - sum(promised) : Infinity;
    const third = isDue ? Math.max(0, Math.min(below - second, open)) : 0;
    free -= first;
    yielding -= second;
    promised[at] = already + first + second + third;
  }
  return promised;
}

/** Places in the list, the greatest first. */
function orderOf(list: readonly Borrowing[], by: (one: Borrowing) => number): number[] {
  const sorted = [...list.entries()].toSorted(([, a], [, b]) => by(b) - by(a));
  return sorted.map(([at]) => at);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
