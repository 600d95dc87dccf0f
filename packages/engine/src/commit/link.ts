/**
 * The way from one partition to another (or to itself, for a stream that is not in memory).
 *
 * K1  acked <= applied <= released <= sent, and `messages` are those from acked + 1 to sent.
 * K2  A message is released when its sender's batch is durable, and acked when the receiver's
 *     batch that applied it is durable: in between, a loss of memory on either side changes
 *     nothing but the positions. So it is applied exactly once (invariant 4).
 * K3  When only one end is on this node, the other node has a link of its own. The sending one is
 *     told what is acked; the receiving one takes what follows on what it has and nothing else, so
 *     messages may be told as often as anybody likes.
 * K4  Nothing is told over a link that is shut: nobody knows yet whether its ends agree on what was
 *     told before (see history.ts).
 */
import { invariant, type Envelope } from "@perdure/kernel";

/** Acked messages that may lie in front of others. */
const KEPT = 16;

export class Link {
  readonly from: number;
  readonly to: number;
  sent = 0;
  released = 0;
  applied = 0;
  acked = 0;
  isShut = false;
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
    if (this.applied === this.released || this.isShut) return undefined;
    return this.#messages[this.#gone + this.applied - this.acked];
  }

  take(): void {
    this.applied++;
    invariant(this.applied <= this.released, "a message was applied before it was durable");
  }

  ack(seq: number): void {
    this.#gone += seq - this.acked;
    this.acked = seq;
    if (this.#gone === this.#messages.length) this.#messages = [];
    else if (this.#gone > KEPT && this.#gone * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#gone);
    } else return;
    this.#gone = 0;
  }

  /** Messages in memory: there are thousands of links, so each keeps next to nothing. */
  get held(): number {
    return this.#messages.length;
  }

  /** Empty, as far as `acked`: what one end knows when the other is on another node. */
  reset(acked: number): void {
    this.#messages = [];
    this.#gone = 0;
    this.sent = this.released = this.applied = this.acked = acked;
  }

  /** A durable message of the sender, told by its node or read from the store. Was it the next? */
  receive(seq: number, envelope: Envelope): boolean {
    if (seq !== this.sent + 1) return false;
    this.release(this.send(envelope));
    return true;
  }

  /** The receiver, on another node or in an earlier life, has applied so much for good. */
  confirm(seq: number): void {
    if (seq <= this.acked) return;
    invariant(seq <= this.released, "a message was applied before it was released");
    this.applied = Math.max(this.applied, seq);
    this.ack(seq);
  }

  /** Durable messages that are not acked, from `after` on, in order. */
  *unacked(after = 0): Generator<{ readonly seq: number; readonly envelope: Envelope }> {
    if (this.isShut) return;
    for (let seq = Math.max(after, this.acked) + 1; seq <= this.released; seq++) {
      const envelope = this.#messages[this.#gone + seq - this.acked - 1];
      if (envelope !== undefined) yield { seq, envelope };
    }
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

/** What a link has to know of its ends. */
interface End {
  readonly database: number;
  readonly incoming: Link[];
  /** Databases that messages of the partition must not go to yet. */
  readonly unproven: ReadonlyMap<number, unknown>;
}

/** All links of an engine; most pairs never talk, so a link is made by its first message. */
export class Links {
  readonly #links = new Map<number, Link>();
  readonly #partitions: readonly End[];

  constructor(partitions: readonly End[]) {
    this.#partitions = partitions;
  }

  between(from: number, to: number): Link {
    let link = this.find(from, to);
    if (link === undefined) {
      link = new Link(from, to);
      this.#links.set(this.#nameOf(from, to), link);
      const receiver = this.#partitions[to];
      receiver?.incoming.push(link);
      const unproven = this.#partitions[from]?.unproven;
      link.isShut = receiver !== undefined && unproven?.has(receiver.database) === true;
    }
    return link;
  }

  find(from: number, to: number): Link | undefined {
    return this.#links.get(this.#nameOf(from, to));
  }

  shut(from: number, database: number): void {
    for (const link of this.towards(from, database)) link.isShut = true;
  }

  /** Those from the partition to any in the database. */
  *towards(from: number, database: number): Generator<Link> {
    for (const link of this.of(from)) {
      if (link.from === from && this.#partitions[link.to]?.database === database) yield link;
    }
  }

  all(): Iterable<Link> {
    return this.#links.values();
  }

  /** Those that begin or end at the partition. */
  *of(partition: number): Generator<Link> {
    for (const link of this.#links.values()) {
      if (link.from === partition || link.to === partition) yield link;
    }
  }

  #nameOf(from: number, to: number): number {
    return from * this.#partitions.length + to;
  }

  /** A partition's memory is gone. */
  forget(partition: number): void {
    for (const link of this.of(partition)) {
      if (link.from === partition) link.forgetUnreleased();
      if (link.to === partition) link.forgetUnacked();
    }
  }
}
