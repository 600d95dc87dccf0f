/**
 * Mail between nodes: messages whose sender's partition is here and whose receiver's is elsewhere
 * are told to its owner, in order, until that has acknowledged them.
 *
 * M1  Only durable messages are told (invariant 1), and a receipt is told when what it acknowledges
 *     is durable.
 * M2  Both may be lost or told twice: a link takes what follows on what it has (K3), and a receipt
 *     for what is acknowledged already changes nothing.
 * M3  What is on its way over a channel is bounded; the rest waits where it is, in the link.
 */
import { decodeMessage, encodeMessage } from "@perdure/store";
import type { Link, Links } from "../commit/link.ts";
import type { Requests } from "../commit/requests.ts";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import { FarCallers } from "./far-callers.ts";
import type { Owners } from "./owners.ts";
import type { Parcel, Receipt } from "./parcels.ts";
import type { PeerChannel } from "./peer-channel.ts";
import type { PeerTalk } from "./peers.ts";

/** On their way and not acknowledged, for each link; one message in any case. */
const WINDOW_MESSAGES = 1_024;
const WINDOW_BYTES = 8_388_608;
const PARCEL_BYTES = 1_048_576;
/** Told again when nothing was acknowledged for so long. */
const RESEND_MS = 500;

export interface MailParts {
  readonly env: Env;
  readonly owners: Owners;
  readonly peers: PeerTalk;
  readonly partitions: readonly Partition[];
  readonly links: Links;
  readonly requests: Requests;
  readonly ready: (partition: Partition) => void;
}

/** How far a link's messages were told, over which channel, and when that last went on. */
interface Tour {
  readonly channel: PeerChannel;
  told: number;
  at: number;
  /** Of what is told and not acknowledged. */
  readonly sizes: number[];
  bytes: number;
}

export class MailCarrier {
  readonly #parts: MailParts;
  readonly #callers: FarCallers;
  readonly #tours = new Map<Link, Tour>();
  /** Links with messages that a batch has just released. */
  readonly #fresh = new Set<Link>();
  /** Links whose receipts are told when the batch has been released. */
  readonly #owed = new Set<Link>();
  readonly #stop: () => void;
  #cancelRound: (() => void) | undefined;

  constructor(parts: MailParts) {
    const { env, peers, owners, requests } = parts;
    this.#parts = parts;
    this.#callers = new FarCallers(env, peers, requests);
    peers.hear("mail", (parcel, from) => this.#take(parcel, from));
    peers.hear("receipt", (receipt) => this.#confirm(receipt));
    peers.onOpen(() => this.#tellAll());
    this.#stop = owners.onChange(() => this.#tellAll());
  }

  /** Messages of the link, which begins here, are durable: `carry` comes next. */
  released(link: Link): void {
    if (!this.#isHere(link.to)) this.#fresh.add(link);
  }

  /** Tells together what one batch has released. */
  carry(): void {
    for (const link of this.#fresh) this.#tell(link);
    this.#fresh.clear();
  }

  /** Messages of the link, which ends here, are applied for good. */
  acked(link: Link): void {
    if (this.#isHere(link.from)) return;
    if (this.#owed.size === 0) this.#parts.env.defer(this.#giveReceipts);
    this.#owed.add(link);
  }

  stop(): void {
    this.#stop();
    this.#cancelRound?.();
    this.#tours.clear();
  }

  #isHere(partition: number): boolean {
    return this.#parts.partitions[partition]?.hasLinks === true;
  }

  /** Something has changed: everything that waits may have a way now. */
  #tellAll(): void {
    this.#callers.left((partition) => this.#isHere(partition));
    for (const link of this.#parts.links.all()) {
      if (this.#isHere(link.from) && !this.#isHere(link.to)) this.#tell(link);
      else this.#tours.delete(link);
    }
  }

  /** What the window has room for. */
  #tell(link: Link): void {
    const tour = this.#tourOf(link);
    if (tour === undefined) return;
    const { from, to, acked } = link;
    let first = tour.told + 1;
    let messages: Uint8Array[] = [];
    let bytes = 0;
    const send = (): void => {
      if (messages.length > 0) tour.channel.tell("mail", { from, to, first, messages });
      first += messages.length;
      messages = [];
      bytes = 0;
    };
    for (const { seq, envelope } of link.unacked(tour.told)) {
      if (seq > acked + WINDOW_MESSAGES || tour.bytes >= WINDOW_BYTES) break;
      this.#callers.sent(envelope, from, to, seq);
      const message = encodeMessage(envelope);
      if (bytes + message.length > PARCEL_BYTES) send();
      messages.push(message);
      bytes += message.length;
      tour.told = seq;
      tour.sizes.push(message.length);
      tour.bytes += message.length;
    }
    send();
  }

  /** Undefined: nothing is to be told, or there is no way. */
  #tourOf(link: Link): Tour | undefined {
    const { owners, peers } = this.#parts;
    if (link.acked === link.released) {
      this.#tours.delete(link);
      return undefined;
    }
    const owner = owners.ownerOf(link.to);
    const channel = owner === undefined || owner === "here" ? undefined : peers.to(owner.id);
    if (channel === undefined) {
      this.#tours.delete(link);
      return undefined;
    }
    this.#goRounds();
    const tour = this.#tours.get(link);
    return tour?.channel === channel ? tour : this.#tourFrom(link, channel);
  }

  #tourFrom(link: Link, channel: PeerChannel): Tour {
    const at = this.#parts.env.monotonic();
    const tour = { channel, told: link.acked, at, sizes: [], bytes: 0 };
    this.#tours.set(link, tour);
    return tour;
  }

  /** Tells again what was not acknowledged. */
  #goRounds(): void {
    const { env } = this.#parts;
    this.#cancelRound ??= env.after(RESEND_MS, () => {
      this.#cancelRound = undefined;
      for (const [link, tour] of this.#tours) {
        if (env.monotonic() - tour.at >= RESEND_MS) this.#tourFrom(link, tour.channel);
        this.#tell(link);
      }
    });
  }

  #take({ from, to, first, messages }: Parcel, { node }: PeerChannel): void {
    const { links, partitions, ready } = this.#parts;
    const partition = partitions[to];
    // Whoever tells of a partition that is here has lost it, and may not know it yet.
    if (partition?.hasLinks !== true || this.#isHere(from)) return;
    const link = links.between(from, to);
    if (first <= link.acked) this.acked(link);
    for (const [i, message] of messages.entries()) {
      if (first + i !== link.sent + 1) continue;
      link.receive(first + i, this.#callers.taken(decodeMessage(message), to, node));
    }
    ready(partition);
  }

  #confirm({ from, to, seq }: Receipt): void {
    if (!this.#isHere(from) || this.#isHere(to)) return;
    const link = this.#parts.links.between(from, to);
    // More than this node knows of: it has lost the sender, and does not know it yet.
    if (seq <= link.acked || seq > link.released) return;
    const tour = this.#tours.get(link);
    if (tour !== undefined) {
      tour.at = this.#parts.env.monotonic();
      for (const size of tour.sizes.splice(0, seq - link.acked)) tour.bytes -= size;
      tour.told = Math.max(tour.told, seq);
    }
    link.confirm(seq);
    this.#callers.applied(from, to, seq);
    this.#tell(link);
  }

  readonly #giveReceipts = (): void => {
    const { owners, peers } = this.#parts;
    for (const { from, to, acked: seq } of this.#owed) {
      const owner = owners.ownerOf(from);
      if (owner === undefined || owner === "here" || !this.#isHere(to)) continue;
      peers.to(owner.id)?.tell("receipt", { from, to, seq });
    }
    this.#owed.clear();
  };
}
