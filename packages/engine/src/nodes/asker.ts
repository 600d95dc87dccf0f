/** Another node that asks for workers: what it asked for last, and what has been done about it. */
import type { Serving } from "@perdure/kernel";
import type { WorkerOptions } from "../worker.ts";
import { knows, nameOfPlace, type Bucket, type Place } from "../workers/bucket.ts";
import type { Demand } from "../workers/demand.ts";
import type { Supply } from "./lending-words.ts";
import type { PeerChannel } from "./peer-channel.ts";

/** Work that waits, and how much of it nothing is promised for. */
export interface Wish {
  readonly demand: Demand;
  /** Monotonic ms since when it has been asked for. */
  readonly since: number;
  left: number;
}

export class Asker {
  readonly channel: PeerChannel;
  wishes: readonly Wish[] = [];
  /** Loans, and additions to them, that it was told of. */
  sent = 0;
  /** Monotonic ms at which it last gave something back. */
  turnEndedAt: number = -Infinity;
  #heard = 0;
  #supplied = "[]";

  constructor(channel: PeerChannel) {
    this.channel = channel;
  }

  /** When it asked it knew of all that it had been given; else what it asks for may be there. */
  get isCurrent(): boolean {
    return this.#heard === this.sent;
  }

  asks(heard: number, wants: readonly Demand[], now: number): void {
    const since = new Map(this.wishes.map((wish) => [nameOfPlace(wish.demand), wish.since]));
    this.#heard = heard;
    this.wishes = wants.map((demand) => {
      return { demand, since: since.get(nameOfPlace(demand)) ?? now, left: demand.count };
    });
  }

  wishesFor(options: WorkerOptions, kind: Bucket["kind"], queue: string): readonly Wish[] {
    return this.wishes.filter(
      ({ demand }) => demand.kind === kind && demand.queue === queue && knows(options, demand),
    );
  }

  /** From when it had to do without. */
  waitedMs(wishes: readonly Wish[], now: number): number {
    const first = Math.min(...wishes.map(({ since }) => since));
    return wishes.length === 0 ? 0 : now - Math.max(first, this.turnEndedAt);
  }

  /** Tells it who has the code, when that has changed. */
  tellSupply(servingOf: (place: Place) => Serving): void {
    const known: Supply[] = [];
    for (const { demand } of this.wishes) {
      const { count: _, ...place } = demand;
      const serving = servingOf(place);
      if (serving !== "nobody") known.push({ place, serving });
    }
    const supplied = JSON.stringify(known);
    if (supplied === this.#supplied) return;
    this.#supplied = supplied;
    this.channel.tell("lending.supply", { known });
  }
}

export function leftOf(wishes: readonly Wish[]): number {
  return wishes.reduce((sum, { left }) => sum + left, 0);
}

/** Something is done about so many of them. Returns how many there were. */
export function absorb(wishes: readonly Wish[], count: number): number {
  let rest = count;
  for (const wish of wishes) {
    const some = Math.min(wish.left, rest);
    wish.left -= some;
    rest -= some;
  }
  return count - rest;
}
