/**
 * Lists that many append to and read: each element is appended once, by one client.
 *
 * 1. What was acknowledged is in the final list, once; what nobody appended is not.
 * 2. Every read is a prefix of the final list.
 * 3. Real time holds: what was acknowledged before an append was called stands before it, is in
 *    every read that was called later, and no read shows what was called after its answer.
 * 4. Of two reads the later one, by real time, is no shorter.
 */

export interface ListAppend {
  readonly element: string;
  readonly calledAt: number;
  /** Absent: nobody knows whether it was appended. */
  readonly answeredAt?: number;
}

export interface ListRead {
  readonly calledAt: number;
  readonly answeredAt: number;
  readonly elements: readonly string[];
}

export interface ListHistory {
  readonly appends: readonly ListAppend[];
  readonly reads: readonly ListRead[];
  readonly final: readonly string[];
}

export function listAppend(history: ListHistory): readonly string[] {
  return [...contents(history), ...prefixes(history), ...order(history), ...freshness(history)];
}

function* contents({ appends, final }: ListHistory): Generator<string> {
  const times = new Map<string, number>();
  for (const element of final) times.set(element, (times.get(element) ?? 0) + 1);
  const offered = new Set(appends.map(({ element }) => element));
  for (const [element, count] of times) {
    if (count > 1) yield `doubled: ${element} is there ${count} times`;
    if (!offered.has(element)) yield `invented: nobody appended ${element}`;
  }
  for (const { element, answeredAt } of appends) {
    if (answeredAt !== undefined && !times.has(element)) yield `lost: ${element} was acknowledged`;
  }
}

function* prefixes({ reads, final }: ListHistory): Generator<string> {
  for (const { elements, answeredAt } of reads) {
    const differs = elements.findIndex((element, i) => element !== final[i]);
    if (differs === -1) continue;
    const [shown, there] = [elements[differs] ?? "nothing", final[differs] ?? "nothing"];
    yield `no prefix: the read of ${answeredAt} shows ${shown} at ${differs}, the final list ${there}`;
  }
}

function* order({ appends, final }: ListHistory): Generator<string> {
  const known = new Map(appends.map((append) => [append.element, append]));
  let earliest: ListAppend | undefined;
  // From the end: the first answer among all that stand behind.
  for (const element of final.toReversed()) {
    const append = known.get(element);
    if (append === undefined) continue;
    if (earliest?.answeredAt !== undefined && earliest.answeredAt < append.calledAt) {
      yield `order: ${earliest.element} was acknowledged before ${element} was asked for, and stands behind it`;
    }
    if ((append.answeredAt ?? Infinity) < (earliest?.answeredAt ?? Infinity)) earliest = append;
  }
}

function* freshness({ appends, reads }: ListHistory): Generator<string> {
  const byCall = reads.toSorted((a, b) => a.calledAt - b.calledAt);
  for (const read of byCall) {
    const shown = new Set(read.elements);
    for (const { element, calledAt, answeredAt } of appends) {
      if ((answeredAt ?? Infinity) < read.calledAt && !shown.has(element)) {
        yield `stale: the read of ${read.answeredAt} lacks ${element}, acknowledged at ${answeredAt}`;
      }
      if (calledAt > read.answeredAt && shown.has(element)) {
        yield `early: the read of ${read.answeredAt} shows ${element}, asked for at ${calledAt}`;
      }
    }
    const shorter = byCall.find(
      ({ calledAt, elements }) =>
        calledAt > read.answeredAt && elements.length < read.elements.length,
    );
    if (shorter !== undefined) {
      yield `back in time: the read of ${read.answeredAt} shows ${read.elements.length}, a later one ${shorter.elements.length}`;
    }
  }
}
