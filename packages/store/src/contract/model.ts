/**
 * What a random driver must remember to ask for things that are right, or wrong in one way only:
 * who owns what, how long each stream is, which messages were sent.
 */
import { partitionOf, type Json, type StreamId } from "@perdure/kernel";
import type { Batch, Blob, IndexRow, Opened, Settled } from "../store.ts";
import { blob, row, run, stream, text } from "./fixture.ts";
import type { Random } from "./random.ts";

export const PARTITIONS = 3;
export const STREAMS = 18;

/** Streams go round the partitions; the one past the last is never written. */
export function nthStream(n: number): StreamId {
  return stream(n, n % PARTITIONS);
}

export type Mistake = "epoch" | "number" | "from" | "message" | "settle";

interface Owned {
  epoch: number;
  number: number;
  readonly sent: Map<number, number>;
}

export class Model {
  readonly #random: Random;
  readonly #owned = new Map<number, Owned>();
  readonly #lengths = new Map<StreamId, number>();
  /** Every blob ever offered. */
  readonly blobs: Blob[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  opened(partition: number, { epoch, lastBatch, sent }: Opened): void {
    const seqs = new Map(sent.map(({ to, seq }) => [to, seq]));
    this.#owned.set(partition, { epoch, number: lastBatch, sent: seqs });
  }

  forgotten(streams: readonly StreamId[]): void {
    for (const name of streams) this.#lengths.delete(name);
  }

  owns(partition: number): boolean {
    return this.#owned.has(partition);
  }

  lastNumber(partition: number): number {
    return this.#owned.get(partition)?.number ?? 0;
  }

  /** The batch was applied. */
  applied(batch: Batch): void {
    const owned = this.#owned.get(batch.partition);
    if (owned === undefined) return;
    owned.number = batch.number;
    for (const { stream: name, from, events } of batch.appends) {
      this.#lengths.set(name, from + events.length - 1);
    }
    for (const { to, seq } of batch.outbox) owned.sent.set(to, seq);
    this.forgotten(batch.forget);
  }

  /** A batch that follows what is there, but for the mistake. */
  batch(partition: number, mistake?: Mistake): Batch {
    const random = this.#random;
    const owned = this.#owned.get(partition) ?? { epoch: 0, number: 0, sent: new Map() };
    const home = random.some(4, STREAMS / PARTITIONS).map((n) => n * PARTITIONS + partition);
    const appends = home.map((n) => this.#append(nthStream(n)));
    const first = appends[0] ?? this.#append(nthStream(partition));
    const wrong = { ...first, from: first.from + 1 + random.below(2) };
    const exists = (name: StreamId): boolean =>
      this.#lengths.has(name) || appends.some((append) => append.stream === name);
    const settle = this.#names(partition)
      .filter(exists)
      .map((name) => this.#settle(name));
    return {
      partition,
      epoch: owned.epoch - (mistake === "epoch" ? 1 : 0),
      number: owned.number + (mistake === "number" ? random.pick([0, 2]) : 1),
      appends: mistake === "from" ? [wrong] : appends,
      outbox: this.#outbox(owned, mistake === "message"),
      marks: random.chance(0.3)
        ? [{ from: random.below(PARTITIONS), seq: 1 + random.below(12) }]
        : [],
      blobs: random.chance(0.2) ? [this.#blob(first.stream)] : [],
      index: home.map((n) => this.#row(n)),
      settle: mistake === "settle" ? [{ stream: stream(999, partition), hasWork: false }] : settle,
      forget: random.chance(0.2) ? this.#names(partition) : [],
    };
  }

  #names(partition: number): readonly StreamId[] {
    return this.#random
      .some(3, STREAMS / PARTITIONS)
      .map((n) => nthStream(n * PARTITIONS + partition));
  }

  #append(name: StreamId): Batch["appends"][number] {
    const from = (this.#lengths.get(name) ?? 0) + 1;
    const events = Array.from({ length: 1 + this.#random.below(3) }, (_, i) =>
      text(`${name} ${from + i} ${"x".repeat(this.#random.below(60))}`),
    );
    return { stream: name, from, events };
  }

  #settle(name: StreamId): Settled {
    const random = this.#random;
    return {
      stream: name,
      hasWork: random.chance(0.2),
      ...(random.chance(0.5) && { alarm: random.below(100) }),
      ...(random.chance(0.3) && { snapshot: { seq: 1, data: text(`of ${name}`) } }),
    };
  }

  #outbox(owned: Owned, gap: boolean): Batch["outbox"] {
    if (!gap && this.#random.chance(0.6)) return [];
    const to = this.#random.below(PARTITIONS);
    const seq = (owned.sent.get(to) ?? 0) + (gap ? 2 : 1);
    return [{ to, seq, data: text(`message ${seq} to ${to}`) }];
  }

  #blob(owner: StreamId): Blob {
    // Not shared between partitions, of which stores may or may not know each other's.
    const home = partitionOf(owner, PARTITIONS);
    const made = blob(owner, text(`blob ${this.#random.below(10)} of ${home}`));
    this.blobs.push(made);
    return made;
  }

  #row(n: number): IndexRow {
    const random = this.#random;
    return row(n, {
      runId: run(n, n % PARTITIONS),
      status: random.pick(["open", "completed", "failed"]),
      workflow: random.pick(["order", "refund"]),
      startedAt: 1_000 + random.below(5),
      attributes: { n: random.pick<Json>([1, "1", true, null]) },
      ...(random.chance(0.5) && { key: `key ${random.below(3)}`, keyKind: "workflow" }),
      ...(random.chance(0.5) && { expiresAt: random.below(1_000) }),
    });
  }
}
