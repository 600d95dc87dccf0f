/**
 * The network between nodes: connections that delay, fall silent in one direction, and break.
 *
 * 1. What is sent is plain data: it is copied as a network would, and anything else fails the seed.
 * 2. A connection that breaks may leave one end in the belief that it stands; that end finds out by
 *    the other's silence.
 */
import type { PeerEnd, PeerMessage, PeerNetwork, PeerSocket } from "@perdure/engine";
import type { Prng } from "../world/prng.ts";
import type { Process } from "../world/process.ts";
import { Connection } from "./connection.ts";
import type { Parts } from "./parts.ts";
import { plainCopy } from "./plain-copy.ts";

/** Hears what nodes say to each other: when it is sent, and around its arrival. */
export interface WireEar {
  sent(from: string, to: string, message: PeerMessage): (arrive: () => void) => void;
}

interface Door {
  readonly process: Process;
  readonly accept: (socket: PeerSocket) => PeerEnd;
}

interface Wire {
  readonly connection: Connection;
  readonly ends: readonly [Process, Process];
}

export class PeerWires {
  readonly #parts: Parts;
  readonly #prng: Prng;
  readonly #doors = new Map<string, Door>();
  readonly #wires = new Set<Wire>();
  readonly #ear: WireEar;
  #dialled = 0;

  constructor(parts: Parts, ear: WireEar) {
    this.#parts = parts;
    this.#ear = ear;
    this.#prng = parts.prng.fork("peer wires");
  }

  networkOf(process: Process): PeerNetwork {
    return {
      connect: ({ address }, end) => this.#dial(process, address, end),
      listen: (address, accept) => {
        this.#doors.set(address, { process, accept });
        return () => {
          if (this.#doors.get(address)?.process === process) this.#doors.delete(address);
        };
      },
    };
  }

  /** The process is gone, and with it its connections. */
  lost(process: Process): void {
    for (const { connection, ends } of this.#wires) if (ends.includes(process)) connection.cut();
  }

  /** Breaks one. */
  cut(prng: Prng): boolean {
    const wire = this.#pick(prng);
    if (wire === undefined) return false;
    this.#parts.trace.note("a peer wire", "breaks", nameOf(wire));
    wire.connection.cut();
    return true;
  }

  /** One direction of one says nothing for a while; what is sent meanwhile arrives then. */
  silence(prng: Prng): boolean {
    const wire = this.#pick(prng);
    if (wire === undefined) return false;
    const to = prng.pick(wire.ends);
    const ms = prng.pick([100, 1_000, 4_000]);
    this.#parts.trace.note("a peer wire", "is silent", `${nameOf(wire)} to ${to.name}, ${ms} ms`);
    wire.connection.silence(to, ms);
    return true;
  }

  #pick(prng: Prng): Wire | undefined {
    const wires = [...this.#wires];
    return wires.length === 0 ? undefined : prng.pick(wires);
  }

  #dial(near: Process, address: string, end: PeerEnd): PeerSocket {
    const { world, mix, marks } = this.#parts;
    const door = this.#doors.get(address);
    this.#dialled += 1;
    const drawn = this.#prng.fork(`wire ${this.#dialled}`);
    if (door === undefined || !door.process.isAlive) {
      near.after(drawn.between(1, 100), () => end.closed());
      return { send: () => undefined, close: () => undefined };
    }
    const connection = new Connection(world, drawn, () => mix().linkDelayMs);
    const wire: Wire = { connection, ends: [near, door.process] };
    const isUntold = (): boolean => {
      const is = drawn.chance(mix().peerHalfOpen);
      if (is) marks.hit("nodes: one end of a broken connection is not told");
      return is;
    };
    const here = new WireEnd(connection, [near, door.process], isUntold, this.#ear);
    const there = new WireEnd(connection, [door.process, near], isUntold, this.#ear);
    here.attach(end, there);
    this.#wires.add(wire);
    connection.attach(
      { process: near, onCut: () => here.broken() },
      { process: door.process, onCut: () => there.broken() },
    );
    connection.onceCut(() => this.#wires.delete(wire));
    connection.send(door.process, () => there.attach(door.accept(there), here));
    return here;
  }
}

/** One side's socket; both sides have one. */
class WireEnd implements PeerSocket {
  readonly #connection: Connection;
  readonly #near: Process;
  readonly #far: Process;
  readonly #isUntold: () => boolean;
  readonly #ear: WireEar;
  #end: PeerEnd | undefined;
  #other: WireEnd | undefined;
  #isOver = false;

  constructor(
    connection: Connection,
    [near, far]: readonly [Process, Process],
    isUntold: () => boolean,
    ear: WireEar,
  ) {
    this.#connection = connection;
    this.#near = near;
    this.#far = far;
    this.#isUntold = isUntold;
    this.#ear = ear;
  }

  attach(end: PeerEnd, other: WireEnd): void {
    this.#end = end;
    this.#other = other;
  }

  send(message: PeerMessage): void {
    if (this.#isOver) return;
    const copy = plainCopy(message);
    const heard = this.#ear.sent(this.#near.name, this.#far.name, message);
    this.#connection.send(this.#far, () => heard(() => this.#other?.receive(copy)));
  }

  receive(message: PeerMessage): void {
    if (!this.#isOver) this.#end?.message(message);
  }

  close(): void {
    if (this.#isOver) return;
    this.#connection.cut();
    this.#near.after(0, () => this.#closed());
  }

  /** The network has broken it; this end may not be told. */
  broken(): void {
    if (!this.#isUntold()) this.#closed();
  }

  #closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end?.closed();
  }
}

function nameOf({ ends: [one, other] }: Wire): string {
  return `${one.name} - ${other.name}`;
}
