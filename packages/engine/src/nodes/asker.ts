/** Another node that asks for workers: what it asked for last, and what it was told and given. */
import type { Place } from "../workers/bucket.ts";
import type { Demand } from "../workers/demand.ts";
import type { Supply } from "./lending-words.ts";
import type { PeerChannel } from "./peer-channel.ts";
import { Wishes, type Wish } from "./wishes.ts";

export class Asker {
  readonly channel: PeerChannel;
  wishes: Wishes = new Wishes([], 0);
  /** Loans, and additions to them, that it was told of. */
  sent = 0;
  /** Monotonic ms at which it last gave something back. */
  turnEndedAt: number = -Infinity;
  #supplied = "[]";

  constructor(channel: PeerChannel) {
    this.channel = channel;
  }

  get isAsking(): boolean {
    return this.wishes.all.length > 0;
  }

  /**
   * False: when it asked, it did not know of all that it had been given. What it asks for may be
   * there, and it asks again when it knows.
   */
  asks(heard: number, wants: readonly Demand[], now: number): boolean {
    if (heard !== this.sent) return false;
    this.wishes = new Wishes(wants, now, this.wishes);
    return true;
  }

  /** For how long it had to do without. */
  waitedMs(wishes: readonly Wish[], now: number): number {
    if (wishes.length === 0) return 0;
    const first = Math.min(...wishes.map(({ since }) => since));
    return now - Math.max(first, this.turnEndedAt);
  }

  /** Tells it who has the code, when that has changed. */
  tellSupply(supplyOf: (place: Place) => Supply | undefined): void {
    const known = this.wishes.all.flatMap(({ demand }) => {
      const { count: _, ...place } = demand;
      return supplyOf(place) ?? [];
    });
    const supplied = JSON.stringify(known);
    if (supplied === this.#supplied) return;
    this.#supplied = supplied;
    this.channel.tell("lending.supply", { known });
  }
}
