/** Messages between partitions: what each sender has given out and each receiver has applied. */
import type { Correspondence, Mark, OutboxMessage } from "../store.ts";
import type { SegmentUses } from "./segment-uses.ts";

interface Link {
  readonly sender: number;
  readonly receiver: number;
  sent: number;
  mark: number;
  /** Changed since `takeUnsaved` gave it out. */
  unsaved: boolean;
  /** Not delivered, in order, with the segment that holds each. */
  waiting: { readonly message: OutboxMessage; readonly segment: number }[];
}

export type LinkRow = Pick<Link, "sender" | "receiver" | "sent" | "mark">;

export class Links {
  readonly #uses: SegmentUses;
  readonly #links = new Map<number, Link>();

  constructor(uses: SegmentUses, rows: readonly LinkRow[]) {
    this.#uses = uses;
    for (const row of rows) {
      const link = { ...row, unsaved: false, waiting: [] };
      this.#links.set(keyOf(row.sender, row.receiver), link);
    }
  }

  lastSent(sender: number, receiver: number): number {
    return this.#links.get(keyOf(sender, receiver))?.sent ?? 0;
  }

  send(sender: number, message: OutboxMessage, segment: number): void {
    const link = this.#link(sender, message.to);
    link.sent = Math.max(link.sent, message.seq);
    link.unsaved = true;
    if (message.seq <= link.mark) return;
    link.waiting.push({ message, segment });
    this.#uses.retain(segment);
  }

  /** The receiver has applied all up to the mark. */
  confirm(receiver: number, { from, seq }: Mark): void {
    const link = this.#link(from, receiver);
    link.mark = Math.max(link.mark, seq);
    link.unsaved = true;
    const delivered = link.waiting.filter(({ message }) => message.seq <= link.mark);
    link.waiting = link.waiting.filter(({ message }) => message.seq > link.mark);
    for (const { segment } of delivered) this.#uses.release(segment);
  }

  waitingOf(sender: number): OutboxMessage[] {
    return [...this.#links.values()]
      .filter((link) => link.sender === sender)
      .flatMap(({ waiting }) => waiting)
      .map(({ message }) => ({ ...message, data: new Uint8Array(message.data) }));
  }

  /** Receivers that have not applied all that was sent to them, as far as is known here. */
  waitingFor(sender: number): number[] {
    return [...this.#links.values()]
      .filter((link) => link.sender === sender && link.waiting.length > 0)
      .map(({ receiver }) => receiver);
  }

  sentBy(sender: number): { readonly to: number; readonly seq: number }[] {
    return [...this.#links.values()]
      .filter((link) => link.sender === sender && link.sent > 0)
      .map(({ receiver, sent }) => ({ to: receiver, seq: sent }));
  }

  marksOf(receiver: number): Mark[] {
    return [...this.#links.values()]
      .filter((link) => link.receiver === receiver && link.mark > 0)
      .map(({ sender, mark }) => ({ from: sender, seq: mark }));
  }

  /** What others have written down of their messages to and from the partition. */
  correspondence(partition: number): Correspondence[] {
    const found = new Map<number, Correspondence>();
    const note = (peer: number, what: Partial<Correspondence>): void => {
      found.set(peer, { peer, mark: 0, delivered: 0, ...found.get(peer), ...what });
    };
    for (const { sender, receiver, mark } of this.#links.values()) {
      if (mark === 0) continue;
      if (sender === partition) note(receiver, { mark });
      if (receiver === partition) note(sender, { delivered: mark });
    }
    return [...found.values()];
  }

  /** What must be written down before the segments that said it are deleted. */
  takeUnsaved(): readonly LinkRow[] {
    const unsaved = [...this.#links.values()].filter((link) => link.unsaved);
    for (const link of unsaved) link.unsaved = false;
    return unsaved;
  }

  #link(sender: number, receiver: number): Link {
    const key = keyOf(sender, receiver);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { sender, receiver, sent: 0, mark: 0, unsaved: true, waiting: [] };
      this.#links.set(key, link);
    }
    return link;
  }
}

function keyOf(sender: number, receiver: number): number {
  return sender * 65_536 + receiver;
}
