/**
 * The way from one partition to another (or to itself, for a stream that is not in memory).
 *
 * K1  acked <= applied <= released <= sent, and `messages` are those from acked + 1 to sent.
 * K2  A message is released when its sender's batch is durable, and acked when the receiver's
 *     batch that applied it is durable: in between, a loss of memory on either side changes
 *     nothing but the positions. So it is applied exactly once (invariant 4).
 */
import { invariant, type Envelope } from "@perdure/kernel";

export class Link {
  readonly from: number;
  readonly to: number;
  sent = 0;
  released = 0;
  applied = 0;
  acked = 0;
  #messages: Envelope[] = [];
  /** Messages at the front of the array that are acked already. */
  #gone = 0;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
  }

  get isDrained(): boolean {
    return this.applied === this.sent;
  }

  /** Gives the message its number. */
  send(envelope: Envelope): number {
    this.#messages.push(envelope);
    return ++this.sent;
  }

  release(seq: number): void {
    this.released = Math.max(this.released, seq);
  }

  /** The next message to apply, if its sender's batch is durable. */
  peek(): Envelope | undefined {
    if (this.applied === this.released) return undefined;
    return this.#messages[this.#gone + this.applied - this.acked];
  }

  take(): void {
    this.applied++;
    invariant(this.applied <= this.released, "a message was applied before it was durable");
  }

  ack(seq: number): void {
    this.#gone += seq - this.acked;
    this.acked = seq;
    if (this.#gone > 1_024 && this.#gone * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#gone);
      this.#gone = 0;
    }
  }

  /** As the store knows it: the receiver's mark, and what the sender sent after it. */
  restore(acked: number, messages: readonly Envelope[]): void {
    this.#messages = [...messages];
    this.#gone = 0;
    this.acked = this.applied = acked;
    this.sent = this.released = acked + messages.length;
  }

  /** The sender lost its memory: what was not durable was never sent. */
  forgetUnreleased(): void {
    this.#messages.length -= this.sent - this.released;
    this.sent = this.released;
  }

  /** The receiver lost its memory: what it had applied in memory is to be applied again. */
  forgetUnacked(): void {
    this.applied = this.acked;
  }
}

/** All links of an engine; most pairs never talk, so a link is made by its first message. */
export class Links {
  readonly #links = new Map<number, Link>();
  readonly #partitions: readonly { readonly incoming: Link[] }[];

  constructor(partitions: readonly { readonly incoming: Link[] }[]) {
    this.#partitions = partitions;
  }

  between(from: number, to: number): Link {
    const name = from * this.#partitions.length + to;
    let link = this.#links.get(name);
    if (link === undefined) {
      link = new Link(from, to);
      this.#links.set(name, link);
      this.#partitions[to]?.incoming.push(link);
    }
    return link;
  }

  /** A partition's memory is gone. */
  forget(partition: number): void {
    for (const link of this.#links.values()) {
      if (link.from === partition) link.forgetUnreleased();
      if (link.to === partition) link.forgetUnacked();
    }
  }
}
