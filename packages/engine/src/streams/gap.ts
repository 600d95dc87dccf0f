/** What one database knows of a partition in another that this one does not know itself. */
import { PerdureError } from "@perdure/kernel";
import type { Correspondence, Opened, Store } from "@perdure/store";

/** What a partition's own database says: the highest seq that it has sent to each, and applied of each. */
export interface Own {
  readonly number: number;
  readonly sent: ReadonlyMap<number, number>;
  applied(peer: number): number;
}

/** `sent`: of the partition's messages to the peer, `applied`: of the peer's to the partition. */
export interface Gap {
  readonly of: "sent" | "applied";
  readonly partition: number;
  readonly peer: number;
  /** The highest seq that the partition's database knows of. */
  readonly own: number;
  /** The highest seq that the peer's database knows of: more. */
  readonly known: number;
}

export function sentOf({ sent }: Pick<Opened, "sent">): ReadonlyMap<number, number> {
  return new Map(sent.map(({ to, seq }) => [to, seq]));
}

/** The first gap, if there is one. `peers`: what partitions of other databases know of this one. */
export function findGap(own: Own, peers: Iterable<Correspondence>): Gap | undefined {
  const { number: partition } = own;
  for (const { peer, mark, delivered } of peers) {
    const sent = own.sent.get(peer) ?? 0;
    if (mark > sent) return { of: "sent", partition, peer, own: sent, known: mark };
    const applied = own.applied(peer);
    if (delivered > applied) {
      return { of: "applied", partition, peer, own: applied, known: delivered };
    }
  }
  return undefined;
}

/** The same where all partitions have been opened together, and nobody has any of them. */
export function gapAmong(opened: readonly Opened[]): Gap | undefined {
  for (const [number, { sent, outbox }] of opened.entries()) {
    const marks = opened.map((peer) => peer.marks.find(({ from }) => from === number)?.seq ?? 0);
    const last = sentOf({ sent });
    const peers = marks.map((mark, peer) => ({ peer, mark, delivered: 0 }));
    const behind = findGap({ number, sent: last, applied: () => 0 }, peers);
    if (behind !== undefined) return behind;
    for (const [peer, seq] of last) {
      const first = outbox.find(({ to }) => to === peer)?.seq ?? seq + 1;
      const receiver: Own = { number: peer, sent: new Map(), applied: () => marks[peer] ?? 0 };
      const gap = findGap(receiver, [{ peer: number, mark: 0, delivered: first - 1 }]);
      if (gap !== undefined) return gap;
    }
  }
  return undefined;
}

type Names = Pick<Store, "databaseOf" | "databaseName">;

/** Nobody can mend it but a person. */
export function gapError(store: Names, { of, partition, peer, own, known }: Gap): PerdureError {
  const [here, there] = [partition, peer].map((number) => {
    const database = store.databaseOf(number);
    return `database ${database} (${store.databaseName(database)})`;
  });
  const facts =
    of === "sent"
      ? `it has sent partition ${peer} its messages up to ${own}, which has applied them up to ${known}`
      : `it has applied messages of partition ${peer} up to ${own}, which has seen them applied up to ${known}`;
  const text =
    `Partition ${partition} is not opened, for messages would be lost: ${here} stands at an earlier ` +
    `moment than ${there}. By the first, ${facts}. Stop all nodes and restore all databases ` +
    `to one moment at which every node was stopped; the runbook says what to do where there is none.`;
  return new PerdureError("store-corrupt", text, { detail: { of, partition, peer, own, known } });
}
