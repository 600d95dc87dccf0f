/**
 * The sending half of a channel: what waits, what is on its way, what is to be sent again.
 *
 * O1  A message gets its number when it is first taken for a frame, and keeps it.
 * O2  A message is kept until the other side has acknowledged it.
 * O3  No more is on its way than the other side's window, but for one message alone.
 * O4  What is kept and what waits is bounded: `isOverfull` says that the other side is too slow.
 */
import { wireLimits } from "../limits.ts";
import { malformed } from "./scan.ts";

/** Messages that are made when there is room for them, so that a long journal waits unencoded. */
export interface Source {
  /** Bytes that waiting costs, roughly. */
  readonly weight: number;
  /** The next message; undefined: there is none after all. */
  next(): Uint8Array | undefined;
  readonly isDone: boolean;
}

type Waiting = Uint8Array | Source;

export interface OutboxLimits {
  readonly backlogBytes: number;
  readonly backlogMessages: number;
}

export interface Taken {
  /** The number of the first message. */
  readonly seq: number;
  readonly messages: readonly Uint8Array[];
}

export class Outbox {
  readonly #limits: OutboxLimits;
  #waiting: Waiting[] = [];
  #waitingHead = 0;
  #waitingBytes = 0;
  /** Numbered and not acknowledged; the first has number `#base`. */
  #kept: Uint8Array[] = [];
  #keptHead = 0;
  #keptBytes = 0;
  #base = 1;
  /** Of the kept ones, so many are on their way; the others are to be sent again. */
  #sent = 0;
  #sentBytes = 0;
  #window = 0;

  constructor(limits: OutboxLimits = wireLimits) {
    this.#limits = limits;
  }

  get isOverfull(): boolean {
    const messages = this.#waiting.length - this.#waitingHead + this.#keptCount;
    const bytes = this.#waitingBytes + this.#keptBytes;
    return messages > this.#limits.backlogMessages || bytes > this.#limits.backlogBytes;
  }

  /** Something could be sent now. */
  get isReady(): boolean {
    const isThere = this.#sent < this.#keptCount || this.#waitingHead < this.#waiting.length;
    if (!isThere) return false;
    return this.#sent === 0 || (this.#sentBytes < this.#window && !this.#hasManySent);
  }

  push(message: Waiting): void {
    this.#waiting.push(message);
    this.#waitingBytes += weightOf(message);
  }

  /** Everything is on a new connection: the other side has taken messages up to `received`. */
  rewind(received: number, window: number): void {
    this.#window = Math.min(window, wireLimits.windowBytes);
    this.#release(received, this.#base + this.#keptCount - 1);
    this.#sent = 0;
    this.#sentBytes = 0;
  }

  acknowledged(ack: number): void {
    this.#release(ack, this.#base + this.#sent - 1);
  }

  /** What fits into one frame and the window; undefined: nothing does. */
  take(): Taken | undefined {
    const seq = this.#base + this.#sent;
    const messages: Uint8Array[] = [];
    let bytes = 0;
    while (bytes < wireLimits.frameTargetBytes) {
      if (this.#sent === this.#keptCount && !this.#number()) break;
      const message = this.#kept[this.#keptHead + this.#sent];
      if (message === undefined) break;
      const isAlone = this.#sent === 0;
      if (!isAlone && this.#sentBytes + message.length > this.#window) break;
      if (this.#hasManySent) break;
      this.#sent++;
      this.#sentBytes += message.length;
      bytes += message.length;
      messages.push(message);
    }
    return messages.length === 0 ? undefined : { seq, messages };
  }

  get #keptCount(): number {
    return this.#kept.length - this.#keptHead;
  }

  get #hasManySent(): boolean {
    return this.#sent >= wireLimits.windowMessages;
  }

  /** Moves one message from those that wait to those that are kept (O1). False: none waits. */
  #number(): boolean {
    for (;;) {
      const next = this.#waiting[this.#waitingHead];
      if (next === undefined) return false;
      this.#waitingHead++;
      this.#waitingBytes -= weightOf(next);
      if (this.#waitingHead === this.#waiting.length) {
        this.#waiting = [];
        this.#waitingHead = 0;
      } else if (this.#waitingHead >= 1024) {
        this.#waiting = this.#waiting.slice(this.#waitingHead);
        this.#waitingHead = 0;
      }
      const message = next instanceof Uint8Array ? next : next.next();
      // The others have their turn before its next message.
      if (!(next instanceof Uint8Array) && !next.isDone) this.push(next);
      if (message === undefined) continue;
      this.#kept.push(message);
      this.#keptBytes += message.length;
      return true;
    }
  }

  #release(ack: number, highest: number): void {
    if (ack > highest) throw malformed(`it acknowledges message ${ack}, which was not sent`);
    while (this.#base <= ack) {
      const message = this.#kept[this.#keptHead];
      if (message === undefined) break;
      this.#kept[this.#keptHead] = empty;
      this.#keptHead++;
      this.#base++;
      this.#keptBytes -= message.length;
      if (this.#sent === 0) continue;
      this.#sent--;
      this.#sentBytes -= message.length;
    }
    if (this.#keptHead === this.#kept.length || this.#keptHead >= 1024) {
      this.#kept = this.#kept.slice(this.#keptHead);
      this.#keptHead = 0;
    }
  }
}

const empty = new Uint8Array(0);

function weightOf(message: Waiting): number {
  return message instanceof Uint8Array ? message.length : message.weight;
}
