/**
 * A partition: the single writer of its streams. It owns what is in memory of them and the
 * messages that have arrived for them; it has no logic of its own.
 *
 * P1  A stream is in `lives` or in `detained` or in neither, never in both.
 * P2  Messages to one stream are handled in the order of their arrival: while it is on its way
 *     from or to the store they wait in its `detained` entry.
 */
import { ChurnMap } from "@perdure/kernel";
import type { Message, PerdureError, StreamId } from "@perdure/kernel";
import { Fifo } from "../core/fifo.ts";
import type { Link } from "../commit/link.ts";
import type { Hold } from "../workers/hold.ts";
import type { Live, LiveRun } from "./live.ts";

/** A message that has arrived. Under a `hold` it counts only while that hold lasts (W2). */
export interface Item {
  readonly stream: StreamId;
  readonly message: Message;
  readonly hold: Hold | undefined;
}

/** Somebody who wants to look at a stream that is being loaded. */
export interface Reader {
  readonly resolve: (live: Live) => void;
  readonly reject: (error: Error) => void;
}

/** What waits for a stream that is on its way from or to the store. */
export interface Detained {
  readonly items: Item[];
  readonly readers: Reader[];
}

/**
 * `leaving`: it is to be given away, and begins no work. `closing`: it is given away, and takes no
 * calls. `elsewhere`: another engine owns it, or nobody.
 */
export type PartitionPhase = "opening" | "open" | "leaving" | "closing" | "elsewhere";

export class Partition {
  readonly number: number;
  /** Those of one are committed together. */
  readonly database: number;
  epoch = 0;
  nextBatch = 1;
  phase: PartitionPhase = "opening";
  /** Counts the times its memory was dropped; what belongs to an older one is void. */
  generation = 0;
  /** Ms since epoch: when it was opened last. */
  openedAt = 0;
  /** Commits on their way that have a share of this partition. */
  inFlight = 0;
  /**
   * Databases that could not be compared with yet, and what the partition had sent its receivers when
   * that began (see history.ts).
   */
  readonly unproven: Map<number, ReadonlyMap<number, number>> = new Map();
  /** Why it is not opened here though nobody else has it; `since` in ms since epoch. */
  refusal: { readonly reason: PerdureError; readonly since: number } | undefined;
  /** Its ends of links are here. */
  hasLinks = false;

  readonly lives: ChurnMap<StreamId, Live> = new ChurnMap();
  readonly detained: ChurnMap<StreamId, Detained> = new ChurnMap();
  /** Streams whose past cannot be read, and why. */
  readonly broken: Map<StreamId, PerdureError> = new Map();
  readonly queue: Fifo<Item> = new Fifo();
  /** Detained messages whose stream is live now: they go first. */
  readonly resumed: Fifo<Item> = new Fifo();
  readonly incoming: Link[] = [];
  /** Of runs that left memory while they waited for a worker: what only memory knew of them. */
  readonly lost: Map<StreamId, Pick<LiveRun, "lostAt" | "lostBy">> = new Map();
  /** Streams that are to be settled, or forgotten when nothing is left of them. */
  cooling = 0;

  constructor(number: number, database = 0) {
    this.number = number;
    this.database = database;
  }

  /** Its streams are this engine's to write. */
  get isOpen(): boolean {
    return this.phase === "open" || this.isLeaving;
  }

  get isLeaving(): boolean {
    return this.phase === "leaving" || this.phase === "closing";
  }

  /** What is said about its streams is said to this engine; it may have to wait a moment. */
  get isHere(): boolean {
    return this.phase !== "closing" && this.phase !== "elsewhere";
  }

  /** All that has arrived is in a batch. */
  get isTaken(): boolean {
    return this.queue.length + this.resumed.length === 0;
  }

  /** Nothing is in it that is not on disk. */
  get isDrained(): boolean {
    return this.isTaken && this.inFlight === 0;
  }

  detain(stream: StreamId): Detained {
    let detained = this.detained.get(stream);
    if (detained === undefined) {
      detained = { items: [], readers: [] };
      this.detained.set(stream, detained);
    }
    return detained;
  }
}
