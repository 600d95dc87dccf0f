/**
 * Which nodes live, as far as this one can know, and whether it may count itself among them: by the
 * word of one database, for that database's partitions.
 *
 * B1  Another node is dead when its beat has stood still for `leaseMs` of this node's monotonic
 *     clock. Wall clocks are compared with nothing.
 * B2  This node's own lease runs from the start of its last beat that the store took, and ends
 *     `marginMs` before anybody may take it for dead: it has stepped down by then.
 * B3  All of that is for liveness. That a node which thinks otherwise cannot write is the store's
 *     business (S3).
 */
import type { ClusterView, NodeRecord, Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { NodeTerms } from "./node-options.ts";

/** Who looks again and again is answered so often: a look is a write to the store. */
const LEAST_MS = 50;
/** A dead node is forgotten after so many leases. */
const LEASES_TO_FORGET = 5;

export interface MembershipParts {
  readonly store: Store;
  readonly database: number;
  readonly env: Env;
  readonly terms: NodeTerms;
  /** The store was asked, and said this. */
  readonly onView: (view: ClusterView) => void;
  /** The lease has run out (B2): others may take what this node has. */
  readonly onLapse: () => void;
}

interface Seen {
  beat: number;
  since: number;
}

export class Membership {
  readonly #parts: MembershipParts;
  readonly #startedAt: number;
  readonly #seen = new Map<string, Seen>();
  #view: ClusterView = { nodes: [], partitions: [] };
  #owners: ReadonlyMap<number, string | undefined> = new Map();
  #beats = 0;
  #isLeaving = false;
  #isBeating = false;
  /** It was asked to look while it was looking. */
  #isAskedAgain = false;
  /** Monotonic ms at which the last beat began. */
  #lookedAt = -Infinity;
  #isStopped = false;
  /** Monotonic ms at which the last beat began that the store took. */
  #since = -Infinity;
  #cancelBeat: (() => void) | undefined;
  #cancelLapse: (() => void) | undefined;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#startedAt = parts.env.now();
  }

  get view(): ClusterView {
    return this.#view;
  }

  /** Within the lease. A process that was frozen finds out here, before its timers ring. */
  get isWithinLease(): boolean {
    const { env, terms } = this.#parts;
    return env.monotonic() < this.#since + terms.leaseMs - terms.marginMs;
  }

  isAlive(node: string): boolean {
    const { env, terms } = this.#parts;
    if (node === terms.id) return true;
    const seen = this.#seen.get(node);
    return seen !== undefined && env.monotonic() < seen.since + terms.leaseMs;
  }

  /** For how long the node's beat has stood still; of this one, since the store took its last. */
  beatAgeMs(node: string): number {
    const { env, terms } = this.#parts;
    const since = node === terms.id ? this.#since : this.#seen.get(node)?.since;
    return env.monotonic() - (since ?? -Infinity);
  }

  ownerOf(partition: number): string | undefined {
    return this.#owners.get(partition);
  }

  find(node: string): NodeRecord | undefined {
    return this.#view.nodes.find(({ id }) => id === node);
  }

  /** The first sign of life; what the store refuses now is the caller's to know. */
  async start(): Promise<void> {
    await this.#beat();
    this.#beatLater();
  }

  /** Something has changed that others should know, or others have said so. */
  look(): void {
    if (this.#isStopped) return;
    if (this.#isBeating) {
      this.#isAskedAgain = true;
      return;
    }
    const { env } = this.#parts;
    const leftMs = this.#lookedAt + LEAST_MS - env.monotonic();
    this.#cancelBeat?.();
    if (leftMs <= 0) void this.#beatAndGoOn();
    else this.#cancelBeat = env.after(leftMs, () => void this.#beatAndGoOn());
  }

  /** From now on this node takes nothing. */
  leave(): void {
    this.#isLeaving = true;
    this.look();
  }

  /** The last sign of life takes the node's row along. */
  async stop(): Promise<void> {
    const { store, database, terms } = this.#parts;
    this.halt();
    if (!this.isWithinLease) return;
    await store.beat(this.#record(), [terms.id], database).catch(() => undefined);
  }

  /** Without a word. */
  halt(): void {
    this.#isStopped = true;
    this.#cancelBeat?.();
    this.#cancelLapse?.();
  }

  #beatLater(): void {
    if (this.#isStopped) return;
    const { env, terms } = this.#parts;
    this.#cancelBeat = env.after(terms.beatMs, () => void this.#beatAndGoOn());
  }

  async #beatAndGoOn(): Promise<void> {
    try {
      await this.#beat();
    } catch (error) {
      const { env, database } = this.#parts;
      env.log("warn", "the store took no sign of life from this node", { database, error });
    }
    if (this.#isAskedAgain) {
      this.#isAskedAgain = false;
      this.look();
    } else {
      this.#beatLater();
    }
  }

  async #beat(): Promise<void> {
    const { store, database, env, onView } = this.#parts;
    const began = env.monotonic();
    this.#lookedAt = began;
    this.#isBeating = true;
    try {
      const view = await store.beat(this.#record(), this.#gone(), database);
      if (this.#isStopped) return;
      this.#since = Math.max(this.#since, began);
      this.#watchLease();
      this.#see(view);
      // An answer that took longer than the lease says nothing of now.
      if (this.isWithinLease) onView(view);
    } finally {
      this.#isBeating = false;
    }
  }

  #record(): NodeRecord {
    const { id, address, version } = this.#parts.terms;
    const beat = ++this.#beats;
    return { id, address, version, startedAt: this.#startedAt, beat, isLeaving: this.#isLeaving };
  }

  #see(view: ClusterView): void {
    const now = this.#parts.env.monotonic();
    this.#view = view;
    this.#owners = new Map(view.partitions.map(({ partition, owner }) => [partition, owner]));
    for (const { id, beat } of view.nodes) {
      const seen = this.#seen.get(id);
      if (seen === undefined) this.#seen.set(id, { beat, since: now });
      else if (seen.beat !== beat) Object.assign(seen, { beat, since: now });
    }
    for (const id of this.#seen.keys()) if (!this.find(id)) this.#seen.delete(id);
  }

  #gone(): string[] {
    const { env, terms } = this.#parts;
    const before = env.monotonic() - LEASES_TO_FORGET * terms.leaseMs;
    return [...this.#seen]
      .filter(([id, { since }]) => id !== terms.id && since < before)
      .map(([id]) => id);
  }

  #watchLease(): void {
    const { env, terms, onLapse } = this.#parts;
    this.#cancelLapse?.();
    const leftMs = this.#since + terms.leaseMs - terms.marginMs - env.monotonic();
    this.#cancelLapse = env.after(Math.max(0, leftMs), () => {
      if (!this.#isStopped && !this.isWithinLease) onLapse();
    });
  }
}
