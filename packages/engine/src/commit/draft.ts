/**
 * One partition's share of a commit while it is being built, and what is to follow when it is
 * durable (invariant 1).
 */
import type { Effect, RequestId, RunEvent, StreamId } from "@perdure/kernel";
import { limits } from "@perdure/kernel";
import type {
  AnyEvent,
  Append,
  Batch,
  Blob,
  BlobSink,
  IndexRow,
  Mark,
  OutboxMessage,
  Settled,
} from "@perdure/store";
import { encodeEvent } from "@perdure/store";
import { LiveRun, type Live } from "../streams/live.ts";
import type { Partition } from "../streams/partition.ts";
import type { Hold } from "../workers/hold.ts";
import type { Link } from "./link.ts";

/** What a machine asks the shell to do; messages have left by other ways. */
export type LateEffect = Exclude<Effect, { type: "send" }>;

/** One stream's new events. */
export interface Slice extends Append {
  readonly live: Live;
  readonly events: Uint8Array[];
  readonly decoded: AnyEvent[];
}

/** A stream as it was when the batch settled it. */
export interface Cooled {
  readonly live: Live;
  readonly seq: number;
  readonly settled: Settled;
}

export class Draft {
  readonly partition: Partition;
  readonly generation: number;
  readonly epoch: number;
  /** Names the draft among all of this engine's. */
  readonly mark: number;
  readonly slices: Slice[] = [];
  readonly touched: Live[] = [];
  /** Effects, and the stream of each. */
  readonly effects: LateEffect[] = [];
  readonly sources: Live[] = [];
  /** Who waits for an answer to a message in here. */
  readonly requests: RequestId[] = [];
  readonly outbox: OutboxMessage[] = [];
  readonly incoming: Set<Link> = new Set();
  /** How far each of those had come when the batch was made. */
  readonly marks: Mark[] = [];
  readonly blobs: Blob[] = [];
  readonly rows: IndexRow[] = [];
  readonly cooled: Cooled[] = [];
  readonly forgotten: Live[] = [];
  /** Whose code has ended its run in here. */
  readonly over: Hold[] = [];
  /** Its batch's number, once it has one. */
  number = 0;
  events = 0;
  bytes = 0;
  messages = 0;
  #stream: StreamId | undefined;
  readonly #sink: BlobSink = (hash, data) => {
    if (this.#stream !== undefined) this.blobs.push({ hash, data, stream: this.#stream });
    this.bytes += data.length;
  };

  constructor(partition: Partition, mark: number) {
    this.partition = partition;
    this.generation = partition.generation;
    this.epoch = partition.epoch;
    this.mark = mark;
  }

  get isFull(): boolean {
    return (
      this.events >= limits.batchEvents ||
      this.bytes >= limits.batchBytes ||
      this.messages >= limits.commitMessages
    );
  }

  /** Something in here has to reach the disk. */
  get isDurable(): boolean {
    return (
      this.slices.length > 0 ||
      this.outbox.length > 0 ||
      this.incoming.size > 0 ||
      this.rows.length > 0 ||
      this.cooled.length > 0 ||
      this.forgotten.length > 0
    );
  }

  /** Something in here has to happen. */
  get isWanted(): boolean {
    return this.touched.length > 0 || this.isDurable;
  }

  touch(live: Live): void {
    if (live.touchedBy === this.mark) return;
    live.touchedBy = this.mark;
    live.warm = true;
    this.touched.push(live);
  }

  /** Encodes the event, once in its life. */
  append(live: Live, event: AnyEvent): void {
    const slice = live.slice ?? this.#slice(live, event.seq);
    this.#stream = live.stream;
    const bytes = encodeEvent(event, this.#sink);
    slice.events.push(bytes);
    slice.decoded.push(event);
    this.events++;
    this.bytes += bytes.length;
    if (live instanceof LiveRun) live.remember(event as RunEvent, bytes.length);
  }

  #slice(live: Live, from: number): Slice {
    const slice = { live, stream: live.stream, from, events: [], decoded: [] };
    live.slice = slice;
    this.slices.push(slice);
    return slice;
  }

  /** Ends the building: the next event of a stream belongs to another batch. */
  seal(): void {
    for (const slice of this.slices) slice.live.slice = undefined;
  }

  batch(number: number): Batch {
    this.number = number;
    for (const { from, applied } of this.incoming) this.marks.push({ from, seq: applied });
    return {
      partition: this.partition.number,
      epoch: this.partition.epoch,
      number,
      appends: this.slices,
      outbox: this.outbox,
      marks: this.marks,
      blobs: this.blobs,
      index: this.rows,
      settle: this.cooled.map(({ settled }) => settled),
      forget: this.forgotten.map(({ stream }) => stream),
    };
  }
}
