/** A network between nodes of one virtual world, whose connections can be cut, halted and slowed. */
import type { NodeRecord } from "@perdure/store";
import type { Owners } from "../nodes/owners.ts";
import type { PeerEnd, PeerMessage, PeerNetwork, PeerSocket } from "../nodes/peer-network.ts";
import type { VirtualEnv } from "./virtual-env.test-support.ts";

interface Side {
  readonly address: string;
  end: PeerEnd | undefined;
  /** When the last message to it arrives: none overtakes another. */
  arrivesAt: number;
}

interface Wire {
  readonly sides: readonly [Side, Side];
  isOpen: boolean;
}

export class Loopback {
  readonly #env: VirtualEnv;
  readonly #listeners = new Map<string, (socket: PeerSocket) => PeerEnd>();
  readonly #wires = new Set<Wire>();
  /** `from>to`: what is sent this way is lost, and nobody hears of it. */
  readonly halted: Set<string> = new Set();
  /** All that was delivered, in order. */
  readonly heard: { readonly from: string; readonly to: string; readonly message: PeerMessage }[] =
    [];
  /** Called before each delivery. */
  spy: (from: string, to: string, message: PeerMessage) => void = () => undefined;
  /** The connection ends instead of a delivery for which this holds. */
  cutBefore: (message: PeerMessage) => boolean = () => false;
  latencyMs = 1;
  /** Connections that were tried. */
  dialed = 0;

  constructor(env: VirtualEnv) {
    this.#env = env;
  }

  get open(): number {
    return this.#wires.size;
  }

  /** As the node at `address` sees the network. */
  at(address: string): PeerNetwork {
    return {
      connect: (to, end) => this.#connect(address, to, end),
      listen: (own, accept) => {
        this.#listeners.set(own, accept);
        return () => this.#listeners.delete(own);
      },
    };
  }

  /** A connection that no node made, for a test to speak on. */
  connect(from: string, to: NodeRecord, end: PeerEnd): PeerSocket {
    return this.#connect(from, to, end);
  }

  /** The process is gone: its connections end, and nobody listens. */
  silence(address: string): void {
    this.#listeners.delete(address);
    for (const wire of this.#wires) {
      if (wire.sides.some((side) => side.address === address)) this.#close(wire);
    }
  }

  /** All connections between the two end. */
  cut(a: string, b: string): void {
    for (const wire of this.#wires) {
      const addresses = wire.sides.map(({ address }) => address);
      if (addresses.includes(a) && addresses.includes(b)) this.#close(wire);
    }
  }

  /** The one that was opened first ends. */
  cutOldest(): void {
    for (const wire of this.#wires) return this.#close(wire);
  }

  #connect(from: string, to: NodeRecord, end: PeerEnd): PeerSocket {
    this.dialed++;
    const near: Side = { address: from, end, arrivesAt: 0 };
    const far: Side = { address: to.address, end: undefined, arrivesAt: 0 };
    const wire: Wire = { sides: [near, far], isOpen: true };
    this.#wires.add(wire);
    this.#env.after(this.latencyMs, () => {
      if (!wire.isOpen || this.#isHalted(from, to.address)) return;
      const accept = this.#listeners.get(to.address);
      if (accept === undefined) return this.#close(wire);
      far.end = accept(this.#socket(wire, far, near));
    });
    return this.#socket(wire, near, far);
  }

  #socket(wire: Wire, from: Side, to: Side): PeerSocket {
    return {
      send: (message) => {
        if (!wire.isOpen || this.#isHalted(from.address, to.address)) return;
        // Anything but plain data does not survive, or survives as something else.
        const copy = structuredClone(message);
        const now = this.#env.monotonic();
        to.arrivesAt = Math.max(now + this.latencyMs, to.arrivesAt);
        this.#env.after(to.arrivesAt - now, () => {
          if (!wire.isOpen || this.#isHalted(from.address, to.address)) return;
          this.spy(from.address, to.address, copy);
          if (!wire.isOpen) return;
          if (this.cutBefore(copy)) return this.#close(wire);
          this.heard.push({ from: from.address, to: to.address, message: copy });
          to.end?.message(copy);
        });
      },
      close: () => this.#close(wire),
    };
  }

  #close(wire: Wire): void {
    if (!wire.isOpen) return;
    wire.isOpen = false;
    this.#wires.delete(wire);
    const [a, b] = wire.sides;
    for (const [side, other] of [
      [a, b],
      [b, a],
    ] as const) {
      // The news of the end takes the same way.
      if (this.#isHalted(other.address, side.address)) continue;
      this.#env.after(this.latencyMs, () => side.end?.closed());
    }
  }

  #isHalted(from: string, to: string): boolean {
    return this.halted.has(`${from}>${to}`);
  }
}

/** Holds for the nth message for which `of` holds. */
export function nth(n: number, of: (message: PeerMessage) => boolean): Loopback["cutBefore"] {
  let count = 0;
  return (message) => of(message) && ++count === n;
}

/** Who is there, as a test says. */
export class FakeOwners implements Owners {
  /** How often what is known turned out to be old. */
  looks = 0;
  readonly #listeners = new Set<() => void>();
  #others: readonly NodeRecord[] = [];
  #owned: readonly (NodeRecord | "here" | undefined)[] = [];

  ownerOf(partition: number): NodeRecord | "here" | undefined {
    return this.#owned[partition];
  }

  isHere(partition: number): boolean {
    return this.#owned[partition] === "here";
  }

  others(): readonly NodeRecord[] {
    return this.#others;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  look(): void {
    this.looks++;
  }

  /** Time passes, and nobody has looked yet. */
  fade(): void {
    this.#others = [];
  }

  become(
    others: readonly NodeRecord[],
    owned: readonly (NodeRecord | "here" | undefined)[] = this.#owned,
  ): void {
    this.#others = others;
    this.#owned = owned;
    for (const listener of this.#listeners) listener();
  }
}

export function nodeRecord(id: string): NodeRecord {
  return { id, address: id, version: "1", startedAt: 0, beat: 1, isLeaving: false };
}
