/**
 * Messages over connections that come and go: each is taken once, in order, by the other side.
 *
 * It owns the numbers, the acknowledgements and what waits. It does not own connections or time:
 * whoever owns them attaches a pipe, hands over the frames that come, and detaches.
 *
 * C1  A message is taken once and in order, over however many connections it was sent.
 * C2  What is sent within one turn of the event loop leaves in one frame, up to its limits.
 * C3  What was taken is acknowledged soon, with whatever leaves next or alone.
 */
import { wireLimits } from "../limits.ts";
import { encodeFrame, type Frame } from "./codec.ts";
import type { Message } from "./messages.ts";
import { Outbox, type OutboxLimits, type Source } from "./outbox.ts";
import { malformed } from "./scan.ts";

export interface ChannelWorld {
  after(ms: number, call: () => void): () => void;
  defer(call: () => void): void;
}

export interface ChannelParts<In extends Message> {
  readonly world: ChannelWorld;
  readonly take: (message: In) => void;
  /** More waits than may wait: the other side is too slow. */
  readonly overfull: () => void;
  readonly limits?: OutboxLimits;
}

/** Writes a frame to the connection. */
export type Pipe = (frame: Uint8Array) => void;

/** An acknowledgement waits so long for company. */
const ACK_MS = 20;
/** So many messages are not left unacknowledged, whatever the time. */
const ACK_MESSAGES = wireLimits.windowMessages / 16;
const ACK_BYTES = 65_536;

export class Channel<In extends Message> {
  readonly #parts: ChannelParts<In>;
  readonly #outbox: Outbox;
  #pipe: Pipe | undefined;
  /** The last message taken. */
  #received = 0;
  #owedMessages = 0;
  #owedBytes = 0;
  #isFlushing = false;
  #cancelAck: (() => void) | undefined;
  #hasSpoken = false;

  constructor(parts: ChannelParts<In>) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts.limits);
  }

  get received(): number {
    return this.#received;
  }

  get isAttached(): boolean {
    return this.#pipe !== undefined;
  }

  /** From here on over this connection. The other side has taken messages up to `received`. */
  attach(pipe: Pipe, received: number, window: number): void {
    this.#outbox.rewind(received, window);
    this.#pipe = pipe;
    this.#flushSoon();
  }

  detach(): void {
    this.#pipe = undefined;
    this.#cancelAck?.();
    this.#cancelAck = undefined;
  }

  send(message: Uint8Array | Source): void {
    this.#outbox.push(message);
    if (this.#outbox.isOverfull) this.#parts.overfull();
    else if (this.#pipe !== undefined) this.#flushSoon();
  }

  /** A frame of `bytes` bytes has come. Throws when it breaks the rules of numbering. */
  receive(frame: Frame<In>, bytes: number): void {
    this.#outbox.acknowledged(frame.ack);
    let seq = frame.seq;
    for (const message of frame.messages) {
      if (seq === 0) throw malformed("a handshake comes first and once");
      if (seq > this.#received + 1) throw malformed(`message ${this.#received + 1} is missing`);
      if (seq++ <= this.#received) continue;
      this.#received++;
      this.#owedMessages++;
      this.#parts.take(message);
    }
    if (frame.messages.length > 0) this.#owe(bytes);
    if (this.#outbox.isReady) this.#flushSoon();
  }

  /** Says that this side is there, unless it has said anything since the last time. */
  beat(): void {
    if (!this.#hasSpoken) this.#write(encodeFrame(this.#nextSeq, this.#received, []));
    this.#hasSpoken = false;
  }

  /** Sends what may be sent, now. */
  readonly flush = (): void => {
    this.#isFlushing = false;
    if (this.#pipe === undefined) return;
    for (let taken = this.#outbox.take(); taken !== undefined; taken = this.#outbox.take()) {
      this.#nextSeq = taken.seq + taken.messages.length;
      this.#write(encodeFrame(taken.seq, this.#received, taken.messages));
    }
    if (this.#owedMessages >= ACK_MESSAGES || this.#owedBytes >= ACK_BYTES) this.#acknowledge();
  };

  #nextSeq = 1;

  #owe(bytes: number): void {
    this.#owedBytes += bytes;
    if (this.#owedMessages >= ACK_MESSAGES || this.#owedBytes >= ACK_BYTES) this.#flushSoon();
    else this.#cancelAck ??= this.#parts.world.after(ACK_MS, this.#acknowledge);
  }

  readonly #acknowledge = (): void => {
    if (this.#owedMessages > 0) this.#write(encodeFrame(this.#nextSeq, this.#received, []));
  };

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    this.#parts.world.defer(this.flush);
  }

  #write(frame: Uint8Array): void {
    if (this.#pipe === undefined) return;
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    this.#owedMessages = 0;
    this.#owedBytes = 0;
    this.#hasSpoken = true;
    this.#pipe(frame);
  }
}
