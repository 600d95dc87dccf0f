/**
 * Finds databases that were put back to different moments before that costs a message.
 *
 * A sender counts its messages, and a receiver takes what is not past its mark for a repetition. So
 * when the database of one of them has lost its end (restored to an earlier moment, or failed over
 * to a standby that did not have it), new messages pass for old ones, or old ones are never told
 * again. The other database gives it away, when a partition of the first is opened.
 *
 * H1  No other database knows more of a partition than its own: not that more of its messages were
 *     applied than it has sent, nor that it has applied more than its marks say. Where one does, the
 *     partition is not opened. (Messages are durable before they are told, marks before others hear
 *     of them, and whoever opens is the only one who adds to either: so this never holds by chance.)
 * H2  A database that does not answer holds up nothing that it could not hold up before: until it has
 *     answered, the partition's messages to it are counted, and told to nobody (`Link.isShut`).
 * H3  Links that end here at their other end are as good a witness as that end's database.
 * H4  Partitions of one database are of one moment. Nobody is asked where there is only one.
 */
import type { PerdureError } from "@perdure/kernel";
import type { Correspondence, Opened, Store } from "@perdure/store";
import type { Links } from "../commit/link.ts";
import type { Env } from "../env.ts";
import { findGap, gapError, sentOf, type Own } from "./gap.ts";
import type { Partition } from "./partition.ts";

/** A database that takes longer counts as one that does not answer. */
const ANSWER_MS = 1_000;
const ASK_AGAIN_MS = 1_000;

export interface HistoryParts {
  readonly store: Store;
  readonly env: Env;
  readonly partitions: readonly Partition[];
  readonly links: Links;
  readonly ready: (partition: Partition) => void;
  /** It turned out after the partition was opened. */
  readonly torn: (partition: Partition, reason: PerdureError) => void;
}

export class History {
  readonly #parts: HistoryParts;
  /** Questions without an answer: a database that hangs gets none twice. */
  readonly #asked = new Map<string, Promise<readonly Correspondence[] | undefined>>();
  /** There is somebody to ask. */
  readonly isSpread: boolean;

  constructor(parts: HistoryParts) {
    this.#parts = parts;
    this.isSpread = parts.store.databases > 1;
  }

  /**
   * Why the partition, which was opened in the store and nowhere else, is to be let go of;
   * undefined: nothing speaks against it.
   */
  async check(partition: Partition, opened: Opened): Promise<PerdureError | undefined> {
    const { number, generation } = partition;
    const marks = new Map(opened.marks.map(({ from, seq }) => [from, seq]));
    const applied = (peer: number): number => marks.get(peer) ?? 0;
    const own: Own = { number, sent: sentOf(opened), applied };
    const gap = findGap(own, this.#inMemory(number));
    if (gap !== undefined) return gapError(this.#parts.store, gap);
    this.#testify(partition, applied);
    const found = await Promise.all(
      this.#others(partition).map((database) => this.#compare(partition, own, database)),
    );
    if (partition.generation !== generation) return undefined;
    return found.find((error) => error !== undefined);
  }

  /** The partition leaves: whoever opens it next asks anew. */
  forget(partition: Partition): void {
    for (const database of partition.unproven.keys()) this.#open(partition, database);
  }

  #others({ database }: Partition): number[] {
    const all = Array.from({ length: this.#parts.store.databases }, (_, n) => n);
    return all.filter((other) => other !== database);
  }

  async #compare(
    partition: Partition,
    own: Own,
    database: number,
  ): Promise<PerdureError | undefined> {
    const { generation, unproven, number } = partition;
    // What it has sent since it was first asked for could hide what was lost.
    const sent = unproven.get(database) ?? own.sent;
    unproven.set(database, sent);
    this.#parts.links.shut(number, database);
    const peers = await this.#ask(partition, database);
    if (partition.generation !== generation) return undefined;
    if (peers === undefined) {
      this.#compareLater(partition, { ...own, sent }, database);
      return undefined;
    }
    return this.#judge(partition, { ...own, sent }, database, peers);
  }

  /** Until there is an answer. */
  #compareLater(partition: Partition, own: Own, database: number, tries = 1): void {
    const { env, torn } = this.#parts;
    const { generation, number } = partition;
    const isCurrent = (): boolean => partition.generation === generation;
    if (tries === 2) {
      env.log("warn", "a database gives no answer: what is sent to it waits", {
        partition: number,
        database,
      });
    }
    const compare = async (): Promise<void> => {
      const peers = isCurrent() ? await this.#ask(partition, database) : undefined;
      if (!isCurrent()) return;
      if (peers === undefined) return this.#compareLater(partition, own, database, tries + 1);
      // It may have applied more since it was opened, and others may have heard of that.
      const applied = (peer: number): number => {
        return Math.max(own.applied(peer), this.#parts.links.find(peer, number)?.applied ?? 0);
      };
      const error = this.#judge(partition, { ...own, applied }, database, peers);
      if (error !== undefined) torn(partition, error);
    };
    env.after(ASK_AGAIN_MS, () => void compare());
  }

  #judge(
    partition: Partition,
    own: Own,
    database: number,
    peers: readonly Correspondence[],
  ): PerdureError | undefined {
    const gap = findGap(own, peers);
    if (gap !== undefined) return gapError(this.#parts.store, gap);
    this.#open(partition, database);
    return undefined;
  }

  /** Undefined: no answer. */
  async #ask(
    { number, generation }: Partition,
    database: number,
  ): Promise<readonly Correspondence[] | undefined> {
    const { store, env } = this.#parts;
    const name = `${number} ${generation} ${database}`;
    const asked =
      this.#asked.get(name) ??
      store
        .correspondence(number, database)
        .catch(() => undefined)
        .finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    const late = Promise.withResolvers<undefined>();
    const cancel = env.after(ANSWER_MS, () => late.resolve(undefined));
    const peers = await Promise.race([asked, late.promise]);
    cancel();
    return peers?.filter(({ peer }) => store.databaseOf(peer) === database);
  }

  /** What was told while it could not be compared goes its way. */
  #open(partition: Partition, database: number): void {
    const { links, partitions, ready } = this.#parts;
    partition.unproven.delete(database);
    for (const link of links.towards(partition.number, database)) {
      link.isShut = false;
      const receiver = partitions[link.to];
      if (receiver !== undefined) ready(receiver);
    }
  }

  /** What other ends of the partition's links know, which are here (H3). */
  *#inMemory(number: number): Generator<Correspondence> {
    for (const { from, to, released, acked } of this.#foreign(number)) {
      if (from === number) yield { peer: to, mark: released, delivered: 0 };
      else yield { peer: from, mark: 0, delivered: acked };
    }
  }

  /** The partition's own marks speak against senders that are here. */
  #testify({ number }: Partition, applied: (peer: number) => number): void {
    const { partitions, store, torn } = this.#parts;
    for (const { from, to, released } of this.#foreign(number)) {
      const sender = partitions[from];
      if (to !== number || sender?.hasLinks !== true) continue;
      const own: Own = { number: from, sent: new Map([[to, released]]), applied: () => Infinity };
      const gap = findGap(own, [{ peer: to, mark: applied(from), delivered: 0 }]);
      if (gap !== undefined) torn(sender, gapError(store, gap));
    }
  }

  #foreign(number: number) {
    const { links, store } = this.#parts;
    return [...links.of(number)].filter(
      ({ from, to }) => store.databaseOf(from) !== store.databaseOf(to),
    );
  }
}
