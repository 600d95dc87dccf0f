/**
 * Finds out that the other side is gone: a connection may be half open for a long time and say
 * nothing. Each side speaks every third of the lease, and one that hears nothing for two thirds
 * of it gives the connection up.
 */
import type { ChannelWorld } from "./channel.ts";

export interface PulseParts {
  readonly world: ChannelWorld & { monotonic(): number };
  readonly leaseMs: number;
  readonly beat: () => void;
  readonly silent: () => void;
}

export class Pulse {
  readonly #parts: PulseParts;
  #heardAt: number;
  #cancel: () => void;

  constructor(parts: PulseParts) {
    this.#parts = parts;
    this.#heardAt = parts.world.monotonic();
    this.#cancel = parts.world.after(parts.leaseMs / 3, this.#tick);
  }

  heard(): void {
    this.#heardAt = this.#parts.world.monotonic();
  }

  stop(): void {
    this.#cancel();
  }

  readonly #tick = (): void => {
    const { world, leaseMs, beat, silent } = this.#parts;
    if (world.monotonic() - this.#heardAt >= (leaseMs * 2) / 3) return silent();
    beat();
    this.#cancel = world.after(leaseMs / 3, this.#tick);
  };
}
