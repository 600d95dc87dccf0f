/**
 * A simulated connection over which whole frames go both ways, as a WebSocket's do: what the SDK's
 * worker dials, and what the server's host accepts.
 *
 * 1. Frames of one direction arrive in the order they were sent, once, late or not at all; behind a
 *    frame that comes in drips the others wait.
 * 2. A reset takes any suffix of what is under way, in each direction on its own.
 * 3. A direction may go silent: what is sent, and the news of an end, arrive when it speaks again.
 * 4. Either end learns of a reset some time later, each on its own; some learn of it only when they
 *    send something, as over a network that forgot the connection.
 */
import type { StreamSocket } from "@perdure/server/workers";
import type { Ear, Line } from "perdure/worker";
import type { Parts } from "../cluster/parts.ts";
import type { Process } from "../world/process.ts";
import type { Prng } from "../world/prng.ts";

/** RFC 6455, section 7.4. */
const NORMAL = 1000;
const ABNORMAL = 1006;
const PIECES = 8;

interface Arrival {
  readonly at: number;
  readonly run: () => void;
}

/** One end, and what is on its way to it. */
interface Side {
  readonly process: Process;
  readonly underWay: Arrival[];
  lastArrival: number;
  silentUntil: number;
  /** What arrives from here on is lost. */
  cutAt: number;
  /** It will hear of the reset only when it sends something. */
  isDeaf: boolean;
  isOver: boolean;
  heard: (frame: Buffer) => void;
  ended: (code: number, reason: string) => void;
}

export class Wire {
  readonly #parts: Parts;
  readonly #prng: Prng;
  readonly #near: Side;
  readonly #far: Side;
  readonly #onOver: () => void;
  #isReset = false;

  /** Between the process that dials and the one that accepts. */
  constructor(parts: Parts, prng: Prng, ends: readonly [Process, Process], onOver: () => void) {
    this.#parts = parts;
    this.#prng = prng;
    this.#near = sideIn(ends[0]);
    this.#far = sideIn(ends[1]);
    this.#onOver = onOver;
  }

  get isReset(): boolean {
    return this.#isReset;
  }

  /** The far end takes the connection, or its process has died meanwhile. */
  dial(ear: Ear, accept: (socket: StreamSocket) => void): Line {
    const near = this.#near;
    near.heard = (frame) => ear.frame(frame, true);
    near.ended = (_code, reason) => ear.ended(reason);
    this.#post(this.#far, () => {
      accept(this.#socket());
      this.#post(near, () => ear.open());
    });
    return {
      send: (frame) => this.#send(near, frame),
      close: () => this.#close(near, NORMAL, ""),
      terminate: () => this.#terminate(near),
    };
  }

  /** Both processes live on. */
  reset(): void {
    if (this.#isReset) return;
    this.#isReset = true;
    const { world } = this.#parts;
    for (const side of [this.#near, this.#far]) {
      side.cutAt = Math.min(side.cutAt, world.now + this.#prng.between(0, this.#delayMs()));
      side.isDeaf = this.#strikes("halfOpen");
      if (!side.isDeaf) this.#tell(side, side.cutAt - world.now + this.#prng.between(1, 500));
    }
    this.#onOver();
  }

  /** A direction says nothing for a while: to the worker, or to the node. */
  silence(way: "toWorker" | "toNode", ms: number): void {
    const side = way === "toWorker" ? this.#near : this.#far;
    side.silentUntil = this.#parts.world.now + ms;
  }

  #socket(): StreamSocket {
    const far = this.#far;
    return {
      send: (frame) => this.#send(far, frame),
      close: (code, reason) => this.#close(far, code, reason),
      terminate: () => this.#terminate(far),
      on: (event: string, listener: Heard | Failed | Ended): void => {
        if (event === "message") far.heard = (frame) => (listener as Heard)(frame, true);
        else if (event === "close") far.ended = (code) => (listener as Ended)(code);
      },
    };
  }

  #send(from: Side, frame: Uint8Array): void {
    if (from.isOver) return;
    if (this.#isReset) {
      if (from.isDeaf) this.#tell(from, this.#delayMs() + 1);
      from.isDeaf = false;
      return;
    }
    const to = this.#otherOf(from);
    // What was sent is the bytes of that moment.
    const bytes = Buffer.from(frame);
    if (this.#strikes("slowDrip")) {
      for (let piece = 1; piece < PIECES; piece++)
        this.#post(to, nothing, this.#prng.between(0, 80));
    }
    this.#post(to, () => to.heard(bytes));
  }

  #close(side: Side, code: number, reason: string): void {
    const other = this.#otherOf(side);
    this.#post(other, () => {
      this.#over(other, code, reason);
      this.#post(side, () => this.#over(side, code, reason));
    });
  }

  #terminate(side: Side): void {
    if (side.isOver) return;
    this.#isReset = true;
    this.#over(side, ABNORMAL, "");
    const other = this.#otherOf(side);
    const { world } = this.#parts;
    other.cutAt = Math.min(other.cutAt, world.now + this.#prng.between(0, this.#delayMs()));
    other.isDeaf = this.#strikes("halfOpen");
    if (!other.isDeaf) this.#tell(other, other.cutAt - world.now + this.#prng.between(1, 500));
    this.#onOver();
  }

  /** The news of the end takes the way of everything else. */
  #tell(side: Side, ms: number): void {
    const { world } = this.#parts;
    world.after(ms, () => {
      const silentMs = side.silentUntil - world.now;
      if (silentMs > 0) this.#tell(side, silentMs);
      else this.#over(side, ABNORMAL, "");
    });
  }

  #over(side: Side, code: number, reason: string): void {
    if (side.isOver) return;
    side.isOver = true;
    side.process.after(0, () => side.ended(code, reason));
    this.#onOver();
  }

  #post(to: Side, run: () => void, moreMs: number = 0): void {
    const { world } = this.#parts;
    if (this.#isReset) return;
    const at =
      Math.max(to.lastArrival, world.now + this.#prng.between(0, this.#delayMs())) + moreMs;
    to.lastArrival = at;
    to.underWay.push({ at, run });
    world.after(at - world.now, () => this.#arrive(to));
  }

  #arrive(to: Side): void {
    const { world } = this.#parts;
    if (world.now < to.silentUntil) {
      world.after(to.silentUntil - world.now, () => this.#arrive(to));
      return;
    }
    while ((to.underWay[0]?.at ?? Infinity) <= world.now) {
      const arrival = to.underWay.shift();
      if (arrival === undefined || to.isOver || world.now >= to.cutAt) continue;
      to.process.after(0, () => {
        if (!to.isOver) arrival.run();
      });
    }
  }

  #otherOf(side: Side): Side {
    return side === this.#near ? this.#far : this.#near;
  }

  #strikes(fault: "halfOpen" | "slowDrip"): boolean {
    const { mix, marks, deeds } = this.#parts;
    if (!this.#prng.chance(mix()[fault]) || !deeds.allows(fault)) return false;
    marks.hit(`fault: ${fault}`);
    return true;
  }

  #delayMs(): number {
    return Math.ceil(this.#parts.mix().linkDelayMs);
  }
}

type Heard = (data: unknown, isBinary: boolean) => void;
type Failed = (error: Error) => void;
type Ended = (code: number) => void;

function sideIn(process: Process): Side {
  return {
    process,
    underWay: [],
    lastArrival: 0,
    silentUntil: 0,
    cutAt: Infinity,
    isDeaf: false,
    isOver: false,
    heard: nothing,
    ended: nothing,
  };
}

function nothing(): void {}
