/**
 * What is done beside commits when there is time: segments that nobody needs are dropped, streams
 * that have kept old segments too long are gathered, and messages that partitions of other nodes
 * have applied are not kept any more.
 *
 * 1. A piece at a time, each a transaction of its own; one that fails is left for the next time.
 * 2. A store to which nothing is committed asks the database for nothing.
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
  /** Past these, the oldest streams are gathered. */
  readonly logBytes: number;
  readonly unsettledStreams: number;
}

export class Upkeep {
  readonly #parts: UpkeepParts;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #askedAt = 0;
  #isStopped = false;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Something was committed. */
  readonly stir = (): void => {
    if (this.#isStopped) return;
    if (this.#fullest() !== undefined) this.#start();
    else this.#timer ??= setTimeout(this.#start, limits.idleMs);
  };

  /** Nothing more is begun; what is under way ends. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#work;
  }

  readonly #start = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  };

  async #run(): Promise<void> {
    try {
      for (let full = this.#fullest(); full !== undefined; full = this.#fullest()) {
        if (this.#isStopped || !(await this.#keepUp([full], true))) break;
      }
      const free = [...this.#parts.partitions.known.values()].filter(
        ({ log }) => log.uses.free > 0,
      );
      if (free.length > 0 && !this.#isStopped) await this.#keepUp(free, false);
      if (!this.#isStopped) await this.#hearOfDeliveries();
    } catch {
      // It is due again after the next commit.
    }
  }

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
  async #hearOfDeliveries(): Promise<void> {
    const { database, partitions, turns } = this.#parts;
    const known = [...partitions.known.values()];
    const waiting = known.flatMap(({ partition, log }) =>
      log.links.waitingFor(partition).map((receiver) => ({ sender: partition, receiver })),
    );
    if (waiting.length === 0) return;
    const due = this.#askedAt + limits.deliveriesMs - performance.now();
    if (due > 0) {
      this.#timer ??= setTimeout(this.#start, due);
      return;
    }
    this.#askedAt = performance.now();
    const receivers = numbers(waiting.map(({ receiver }) => receiver));
    const senders = numbers(waiting.map(({ sender }) => sender));
    for (const row of await database.run(readMarks, [receivers, senders])) {
      const [sender, receiver] = [Number(row["sender"]), Number(row["receiver"])];
      const mark = { from: sender, seq: Number(row["mark"]) };
      await turns.look(sender, () => {
        partitions.known.get(sender)?.log.links.confirm(receiver, mark);
      });
    }
    this.#timer ??= setTimeout(this.#start, limits.deliveriesMs);
  }
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
