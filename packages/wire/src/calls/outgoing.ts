/** What is said within one turn of the event loop leaves in one frame, or in few where it is much. */
import { wireLimits } from "../limits.ts";
import type { ChannelWorld } from "../frames/channel.ts";
import { encodeCallsFrame } from "./codec.ts";

export class OutgoingCalls {
  readonly #world: Pick<ChannelWorld, "defer">;
  readonly #write: (frame: Uint8Array) => void;
  #waiting: Uint8Array[] = [];

  constructor(world: Pick<ChannelWorld, "defer">, write: (frame: Uint8Array) => void) {
    this.#world = world;
    this.#write = write;
  }

  /** `message` is encoded. */
  send(message: Uint8Array): void {
    if (this.#waiting.push(message) === 1) this.#world.defer(this.flush);
  }

  /** Says that this side is there. */
  beat(): void {
    this.#write(encodeCallsFrame([]));
  }

  readonly flush = (): void => {
    const all = this.#waiting;
    if (all.length === 0) return;
    this.#waiting = [];
    for (let from = 0; from < all.length;) {
      let bytes = 0;
      let to = from;
      while (to < all.length && (to === from || bytes < wireLimits.frameTargetBytes)) {
        bytes += all[to++]?.length ?? 0;
      }
      this.#write(encodeCallsFrame(all.slice(from, to)));
      from = to;
    }
  };
}
