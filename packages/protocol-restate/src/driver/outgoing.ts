/**
 * What goes to the SDK. Messages wait as they are, and are encoded when there is room for their
 * bytes: a long journal is in memory once, not twice.
 */
import type { Message } from "../messages/messages.ts";
import type { Exchange } from "./http/exchange.ts";
import { driverLimits } from "./limits.ts";

export class Outgoing {
  readonly #exchange: Pick<Exchange, "write" | "end">;
  readonly #encode: (message: Message) => Uint8Array;
  readonly #waiting: Message[] = [];
  /** The next one of those that wait. */
  #at = 0;
  #isFull = false;
  #isEnding = false;

  constructor(exchange: Pick<Exchange, "write" | "end">, encode: (message: Message) => Uint8Array) {
    this.#exchange = exchange;
    this.#encode = encode;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) this.#waiting.push(message);
    this.#flush();
  }

  /** After what waits. */
  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  drained(): void {
    this.#isFull = false;
    this.#flush();
  }

  #flush(): void {
    while (!this.#isFull && this.#at < this.#waiting.length) this.#write();
    if (this.#at < this.#waiting.length) return;
    this.#waiting.length = 0;
    this.#at = 0;
    if (this.#isEnding) this.#exchange.end();
  }

  /** Small ones together: a write costs more than a copy of a few bytes. */
  #write(): void {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    while (this.#at < this.#waiting.length && bytes < driverLimits.writeBytes) {
      const message = this.#waiting[this.#at++];
      if (message === undefined) break;
      const piece = this.#encode(message);
      pieces.push(piece);
      bytes += piece.length;
    }
    const [only] = pieces;
    const whole = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces, bytes);
    this.#isFull = !this.#exchange.write(whole);
  }
}
