/**
 * What a partition must hold, by what the store has said: batches are proposed on top of each other
 * and then settled, in their order, as applied or lost.
 *
 * 1. Every event ever proposed is another text: what a lost batch held can never be taken for what
 *    its successor of the same number held.
 * 2. A batch follows on those proposed before it. When one is lost, so are all that follow.
 */
import { runId, runStream, type RunId, type StreamId } from "@perdure/kernel";
import type { Batch, Opened, Settled } from "@perdure/store";
import type { Random } from "../fuzz/random.ts";

const STREAMS = 12;
const encoder = new TextEncoder();

export type Fate = "applied" | "lost";

/** Of proposals, each new: over all partitions of a process. */
let serial = 0;

export class PartitionModel {
  readonly partition: number;
  /** What applied batches have appended. */
  readonly streams: Map<StreamId, string[]> = new Map();
  readonly messages: string[] = [];
  /** Up to which of the partner's messages were marked. */
  marked = 0;
  lastBatch = 0;
  readonly #partner: number;
  readonly #random: Random;
  readonly #proposed: Batch[] = [];

  constructor(partition: number, partner: number, random: Random) {
    this.partition = partition;
    this.#partner = partner;
    this.#random = random;
  }

  /** `sentHere`: how many messages the partner has surely sent. */
  propose(epoch: number, sentHere: number): Batch {
    const random = this.#random;
    serial += 1;
    const homes = new Set(
      Array.from({ length: random.between(1, 3) }, () => random.between(1, STREAMS)),
    );
    const appends = [...homes].map((n) => this.#append(streamOf(this.partition, n)));
    const sent = this.#proposed.reduce((sum, { outbox }) => sum + outbox.length, 0);
    const message = { to: this.#partner, seq: this.messages.length + sent + 1 };
    const batch: Batch = {
      partition: this.partition,
      epoch,
      number: this.lastBatch + this.#proposed.length + 1,
      appends,
      outbox: random.chance(0.3) ? [{ ...message, data: encoder.encode(`message ${serial}`) }] : [],
      marks: random.chance(0.2) ? [{ from: this.#partner, seq: sentHere }] : [],
      blobs: [],
      index: [],
      settle: random.chance(0.3) ? appends.slice(0, 1).map(({ stream }) => settled(stream)) : [],
      forget: [],
    };
    this.#proposed.push(batch);
    return batch;
  }

  /** Of the oldest that is proposed. */
  settle(fate: Fate): void {
    const batch = this.#proposed.shift();
    if (batch === undefined || fate === "lost") return;
    this.lastBatch = batch.number;
    for (const { stream, events } of batch.appends) {
      const texts = this.streams.get(stream) ?? [];
      texts.push(...events.map((event) => new TextDecoder().decode(event)));
      this.streams.set(stream, texts);
    }
    this.messages.push(...batch.outbox.map(({ data }) => new TextDecoder().decode(data)));
    for (const { seq } of batch.marks) this.marked = Math.max(this.marked, seq);
  }

  /** What is wrong with what a new owner is told. `markedThere`: of our messages, by the partner. */
  *judge({ lastBatch, sent, outbox, marks }: Opened, markedThere: number): Generator<string> {
    const here = `partition ${this.partition}`;
    if (lastBatch !== this.lastBatch) {
      yield `${here} is at batch ${lastBatch}, not ${this.lastBatch}`;
    }
    const highest = sent.find(({ to }) => to === this.#partner)?.seq ?? 0;
    if (highest !== this.messages.length) {
      yield `${here} has sent ${highest} messages, not ${this.messages.length}`;
    }
    const mark = marks.find(({ from }) => from === this.#partner)?.seq ?? 0;
    if (mark !== this.marked) yield `${here} has marked ${mark} messages, not ${this.marked}`;
    const left = outbox.map(({ data }) => new TextDecoder().decode(data)).join();
    const owed = this.messages.slice(markedThere).join();
    if (left !== owed) yield `${here} still has to deliver ${left}, not ${owed}`;
  }

  #append(stream: StreamId): Batch["appends"][number] {
    const proposed = this.#proposed
      .flatMap(({ appends }) => appends)
      .filter((append) => append.stream === stream)
      .reduce((sum, { events }) => sum + events.length, 0);
    const from = (this.streams.get(stream)?.length ?? 0) + proposed + 1;
    const size = this.#random.between(1, 3);
    const padding = "x".repeat(this.#random.between(0, 200));
    const events = Array.from({ length: size }, (_, i) => {
      return encoder.encode(`event ${serial}/${i} ${padding}`);
    });
    return { stream, from, events };
  }
}

/** The n-th stream of a partition. */
export function streamOf(partition: number, n: number): StreamId {
  const id: RunId = runId(1_700_000_000_000 + n, partition, n.toString(16).padStart(16, "0"));
  return runStream(id);
}

function settled(stream: StreamId): Settled {
  return { stream, hasWork: false };
}
