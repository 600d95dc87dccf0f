/**
 * The ends of links that are on this node: put up when a partition is opened, taken down when it
 * leaves. What one end needs of the other is in memory while both are here, and in the store
 * otherwise.
 *
 * E1  The mark that the store has of a receiver is what its last owner had acked; the outbox it has
 *     of a sender are the durable messages past the mark, without a gap.
 * E2  A sender may leave before its receiver has applied everything: what is durable stays, and the
 *     sender's next owner tells it again. Only whoever asked does not hear of it: he asked here.
 */
import { PerdureError, type Envelope } from "@perdure/kernel";
import { decodeMessage, type Opened } from "@perdure/store";
import type { Link, Links } from "../commit/link.ts";
import { callerOf, type Requests } from "../commit/requests.ts";
import type { Partition } from "./partition.ts";

export class LinkEnds {
  readonly #links: Links;
  readonly #partitions: readonly Partition[];
  readonly #requests: Requests;

  constructor(links: Links, partitions: readonly Partition[], requests: Requests) {
    this.#links = links;
    this.#partitions = partitions;
    this.#requests = requests;
  }

  /** The partition has been opened by this engine; its own ends are not here yet. */
  putUp(partition: Partition, opened: Opened): void {
    const { number } = partition;
    const marks = new Map(opened.marks.map(({ from, seq }) => [from, seq]));
    for (const link of this.#links.of(number)) {
      // What an earlier time here has left.
      if (link.to === number && !this.#isHere(link.from)) link.reset(marks.get(link.from) ?? 0);
    }
    for (const [from, seq] of marks) this.#receive(this.#links.between(from, number), seq);
    partition.hasLinks = true;
    for (const { to, seq } of opened.sent) this.#send(number, to, seq, opened);
  }

  /** The partition leaves this engine: its memory is void. */
  takeDown(partition: Partition): void {
    this.#links.forget(partition.number);
    partition.hasLinks = false;
    for (const link of this.#links.of(partition.number)) {
      if (this.#isHere(link.from) || this.#isHere(link.to)) continue;
      // Another node's callers, whose messages end here, wait for the next owner.
      if (link.from === partition.number) this.#forsake(link);
      link.reset(0);
    }
  }

  /** Nobody will reply here to those who asked for what is still to be told. */
  #forsake(link: Link): void {
    for (const { envelope } of link.unacked()) {
      const caller = callerOf(envelope.message);
      if (caller !== undefined) this.#requests.fail(caller, forsakenError());
    }
  }

  #receive(link: Link, mark: number): void {
    if (this.#isHere(link.from)) link.confirm(mark);
    else link.reset(mark);
  }

  #send(from: number, to: number, last: number, { outbox }: Opened): void {
    const link = this.#links.between(from, to);
    const waiting = outbox.filter((message) => message.to === to);
    if (!this.#isHere(to)) link.reset((waiting[0]?.seq ?? last + 1) - 1);
    for (const { seq, data } of waiting) link.receive(seq, withoutCaller(decodeMessage(data)));
  }

  #isHere(partition: number): boolean {
    return this.#partitions[partition]?.hasLinks === true;
  }
}

function forsakenError(): PerdureError {
  const text =
    "The partition left this node with the call on its way to another: it is carried out, now " +
    "or later. Look before you call again.";
  return new PerdureError("unavailable", text);
}

/** Whoever asked is gone with the life of the engine that was asked. */
function withoutCaller({ to, message }: Envelope): Envelope {
  if (!("request" in message)) return { to, message };
  const { request: _, ...rest } = message;
  return { to, message: rest };
}
