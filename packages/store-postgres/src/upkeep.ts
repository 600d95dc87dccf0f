/**
 * What is done beside commits when there is time: segments that nobody needs are dropped, streams
 * that have kept old segments too long are gathered, and messages that partitions of other nodes
 * have applied are not kept any more.
 *
 * 1. A piece at a time, each a transaction of its own; one that fails is left for the next time.
 * 2. A store to which nothing is committed asks the database for nothing, unless it waits to hear of
 *    messages.
 */
import type { PartitionMemory } from "./partition-memory.ts";
import { numbers } from "./arrays.ts";
import type { Turns } from "./commit/turns.ts";
import { Writing } from "./commit/writing.ts";
import type { Database } from "./database.ts";
import { postgresLimits as limits } from "./limits.ts";
import type { Partitions } from "./partitions.ts";
import { readMarks } from "./tables/log.ts";

export interface UpkeepParts {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly turns: Turns;
  /** No transaction touches two partitions. */
  readonly isApart: boolean;
  /** Past these, the oldest streams are gathered. */
  readonly logBytes: number;
  readonly unsettledStreams: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  #idle: NodeJS.Timeout | undefined;
  #deliveries: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #isBusy = false;
  #isStopped = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Something was committed. */
  readonly stir = (): void => {
    if (this.#isStopped) return;
    if (this.#fullest() !== undefined) this.#do(this.#gather);
    if (this.#idle === undefined) {
      this.#idle = setTimeout(() => this.#do(this.#drop), limits.idleMs);
    } else this.#idle.refresh();
    this.#deliveries ??= setTimeout(this.#ask, limits.deliveriesMs);
  };

  /** Nothing more is begun; what is under way ends. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#idle);
    clearTimeout(this.#deliveries);
    await this.#work;
  }

  #do(work: () => Promise<void>): void {
    if (this.#isBusy || this.#isStopped) return;
    this.#isBusy = true;
    // What fails is due again after the next commit.
    this.#work = work()
      .catch(() => undefined)
      .finally(() => {
        this.#isBusy = false;
      });
  }

  readonly #ask = (): void => {
    this.#deliveries = undefined;
    this.#do(this.#hearOfDeliveries);
  };

  readonly #gather = async (): Promise<void> => {
    for (let full = this.#fullest(); full !== undefined; full = this.#fullest()) {
      if (this.#isStopped || !(await this.#keepUp([full], true))) return;
    }
  };

  readonly #drop = async (): Promise<void> => {
    const known = [...this.#parts.partitions.known.values()];
    const free = known.filter(({ log }) => log.uses.free > 0);
    const groups = this.#parts.isApart ? free.map((memory) => [memory]) : [free];
    for (const group of groups) if (group.length > 0) await this.#keepUp(group, false);
  };

  /** The partition with the longest log, when all logs together are too long. */
  #fullest(): PartitionMemory | undefined {
    const { partitions, logBytes, unsettledStreams } = this.#parts;
    let bytes = 0;
    let tails = 0;
    let longest: PartitionMemory | undefined;
    let most: PartitionMemory | undefined;
    for (const memory of partitions.known.values()) {
      const { log } = memory;
      bytes += log.uses.bytes;
      tails += log.tails.size;
      if (log.tails.size === 0) continue;
      if (log.uses.bytes > (longest?.log.uses.bytes ?? -1)) longest = memory;
      if (log.tails.size > (most?.log.tails.size ?? -1)) most = memory;
    }
    if (bytes > logBytes) return longest;
    return tails > unsettledStreams ? most : undefined;
  }

  /** Whether it has gathered anything. */
  #keepUp(memories: readonly PartitionMemory[], gathers: boolean): Promise<boolean> {
    const { turns, partitions } = this.#parts;
    const numbersOf = memories.map(({ partition }) => partition);
    return turns.alone(numbersOf, async () => {
      const writing = new Writing();
      let gathered = 0;
      for (const partition of numbersOf) {
        const memory = partitions.known.get(partition);
        if (memory === undefined) continue;
        writing.share(memory);
        if (gathers) gathered += gatherOldest(writing, memory);
        writing.changes.dropSegments(memory);
      }
      await partitions.write(writing, numbersOf);
      return gathered > 0;
    });
  }

  /** Of messages to partitions that are another node's, this one hears through the database. */
  readonly #hearOfDeliveries = async (): Promise<void> => {
    const { database, partitions, turns } = this.#parts;
    const waiting = [...partitions.known.values()].flatMap(({ partition, log }) =>
      log.links.waitingFor(partition).map((receiver) => ({ sender: partition, receiver })),
    );
    if (waiting.length === 0) return;
    const receivers = numbers(waiting.map(({ receiver }) => receiver));
    const senders = numbers(waiting.map(({ sender }) => sender));
    for (const row of await database.run(readMarks, [receivers, senders])) {
      const [sender, receiver] = [Number(row["sender"]), Number(row["receiver"])];
      const mark = { from: sender, seq: Number(row["mark"]) };
      await turns.look(sender, () => {
        partitions.known.get(sender)?.log.links.confirm(receiver, mark);
      });
    }
    if (!this.#isStopped) this.stir();
  };
}

/** The tails are in the order in which they began, so the first keep the oldest segments. */
function gatherOldest(writing: Writing, memory: PartitionMemory): number {
  const { log, owner } = memory;
  let gathered = 0;
  for (const [stream, tail] of log.tails) {
    if (gathered === limits.gatherStreams) break;
    if (tail.damage !== undefined) continue;
    writing.changes.gather(memory, stream, log.release(stream), owner.lastBatch, "unsettled");
    gathered += 1;
  }
  return gathered;
}
