/**
 * Tells the other nodes what waits here for a worker: soon after it begins to wait, and again while it
 * does, so that what was lost on the way is said once more. What waits for something else than a
 * worker, such as its queue's rate, is looked at again: when its turn comes, the worker may be gone.
 */
import { limits } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Demand } from "../workers/demand.ts";
import type { PeerChannel } from "./peer-channel.ts";

export interface WantsParts {
  readonly env: Env;
  readonly demand: () => readonly Demand[];
  /** Something waits, for a worker or for its turn. */
  readonly isWaiting: () => boolean;
  readonly channels: () => Iterable<PeerChannel>;
  readonly heard: (channel: PeerChannel) => number;
  /** From when it begins to wait; it may be given to a worker of this node at once. */
  readonly soonMs: number;
  /** Not more often than this. */
  readonly pauseMs: number;
  readonly againMs: number;
}

export class Wants {
  readonly #parts: WantsParts;
  #cancel: (() => void) | undefined;
  /** Monotonic ms. */
  #dueAt = Infinity;
  #toldAt = -Infinity;
  #hasTold = false;
  /** Where the next list begins, when there is more than a list holds. */
  #from = 0;

  constructor(parts: WantsParts) {
    this.#parts = parts;
  }

  /** Something waits, or there is news that others should judge it by. */
  stir(): void {
    const { env, soonMs, pauseMs } = this.#parts;
    this.#tellAt(Math.max(env.monotonic() + soonMs, this.#toldAt + pauseMs));
  }

  #tellAt(at: number): void {
    if (at >= this.#dueAt) return;
    const { env } = this.#parts;
    this.#cancel?.();
    this.#dueAt = at;
    this.#cancel = env.after(at - env.monotonic(), () => this.#tell());
  }

  #tell(): void {
    const { env, channels, heard, isWaiting, againMs } = this.#parts;
    const wants = this.#list();
    this.#dueAt = Infinity;
    this.#cancel = undefined;
    if (wants.length > 0 || this.#hasTold) {
      this.#toldAt = env.monotonic();
      this.#hasTold = wants.length > 0;
      for (const channel of channels()) {
        channel.tell("lending.demand", { heard: heard(channel), wants });
      }
    }
    if (wants.length > 0 || isWaiting()) this.#tellAt(env.monotonic() + againMs);
  }

  #list(): readonly Demand[] {
    const all = this.#parts.demand();
    if (all.length <= limits.demands) return all;
    const from = this.#from % all.length;
    this.#from = from + limits.demands;
    return [...all.slice(from), ...all.slice(0, from)].slice(0, limits.demands);
  }
}
