/**
 * Looking for a node while partitions move: the next moment at which looking again may help is when
 * an owner or a channel has changed.
 */
import { PerdureError } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Owners } from "./owners.ts";
import type { PeerTalk } from "./peers.ts";

/** Looked again after so long, if nothing is heard of a change before. */
const LOOK_MS = 100;

/** One caller's looking, which takes at most so long. */
export interface Search {
  /** Resolves when looking again may help; rejects with `unavailable` when the time is over. */
  next(): Promise<void>;
  /** Something was found and lost again: the time counts from here. */
  anew(): void;
  readonly isOver: boolean;
}

export class Lookout {
  readonly #env: Env;
  readonly #forwardMs: number;
  readonly #waiting = new Set<() => void>();
  readonly #stop: () => void;
  #isStopped = false;

  constructor(
    env: Env,
    owners: Pick<Owners, "onChange">,
    peers: Pick<PeerTalk, "onOpen">,
    forwardMs: number,
  ) {
    this.#env = env;
    this.#forwardMs = forwardMs;
    this.#stop = owners.onChange(() => this.#wake());
    peers.onOpen(() => this.#wake());
  }

  search(): Search {
    const now = (): number => this.#env.monotonic();
    let until = now() + this.#forwardMs;
    const isOver = (): boolean => this.#isStopped || now() >= until;
    return {
      next: () => {
        if (this.#isStopped) return Promise.reject(closedError());
        return isOver() ? Promise.reject(notFound(this.#forwardMs)) : this.next();
      },
      anew: () => {
        until = now() + this.#forwardMs;
      },
      get isOver() {
        return isOver();
      },
    };
  }

  /** For those who look for as long as they are wanted. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#env.after(LOOK_MS, done);
      this.#waiting.add(done);
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#stop();
    this.#wake();
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }
}

function closedError(): PerdureError {
  return new PerdureError("closed", "The engine is closed: open it again.");
}

function notFound(ms: number): PerdureError {
  const text =
    `For ${ms} ms no node was found that has this partition and answers: nothing was done. ` +
    `Try again, and look at the nodes if it stays so.`;
  return new PerdureError("unavailable", text, { detail: { retryAfterMs: 1_000 } });
}
