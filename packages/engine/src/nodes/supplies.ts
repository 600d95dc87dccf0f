/** What other nodes say of workers for what waits here: for `why`, which should not say "nobody". */
import type { BusyWorker, Serving } from "@perdure/kernel";
import { nameOfPlace, type Bucket, type Place } from "../workers/bucket.ts";
import type { Elsewhere } from "../workers/matcher.ts";
import type { Supply } from "./lending-words.ts";
import type { PeerChannel } from "./peer-channel.ts";

const order: readonly Serving[] = ["nobody", "unknown-name", "other-version", "yes"];

export class Supplies implements Omit<Elsewhere, "waits"> {
  readonly #known = new Map<PeerChannel, ReadonlyMap<string, Supply>>();

  /** All that a node has to say, in place of what it said before. */
  told(channel: PeerChannel, known: readonly Supply[]): void {
    this.#known.set(channel, new Map(known.map((one) => [nameOfPlace(one.place), one])));
  }

  closed(channel: PeerChannel): void {
    this.#known.delete(channel);
  }

  /** At best. */
  serves(place: Place): Serving {
    const name = nameOfPlace(place);
    let best = 0;
    for (const known of this.#known.values()) {
      best = Math.max(best, order.indexOf(known.get(name)?.serving ?? "nobody"));
    }
    return order[best] ?? "nobody";
  }

  busy(namespace: string, queue: string, kind: Bucket["kind"]): readonly BusyWorker[] {
    const found = this.#of(namespace, queue).filter(({ place }) => place.kind === kind);
    return found.flatMap(({ busy }) => busy).filter(isFirst);
  }

  versions(namespace: string, queue: string): readonly string[] {
    return this.#of(namespace, queue).flatMap(({ versions }) => versions);
  }

  #of(namespace: string, queue: string): readonly Supply[] {
    const all = [...this.#known.values()].flatMap((known) => [...known.values()]);
    return all.filter(({ place }) => place.namespace === namespace && place.queue === queue);
  }
}

/** A worker that has the code for several of the names is told of with each. */
function isFirst({ worker }: BusyWorker, at: number, all: readonly BusyWorker[]): boolean {
  return all.findIndex((other) => other.worker === worker) === at;
}
