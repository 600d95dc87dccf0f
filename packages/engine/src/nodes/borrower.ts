/**
 * Registers what other nodes lend to this one, and takes it out again when the loan ends: with the
 * connection, with the worker, or because nothing is left of it.
 */
import type { RunId } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import type { Borrowed, Registry } from "../workers/registry.ts";
import { BorrowedWorker } from "./borrowed-worker.ts";
import type { LoanTerms } from "./lending-words.ts";
import type { PeerChannel } from "./peer-channel.ts";

export interface BorrowerParts {
  readonly env: Env;
  readonly registry: Pick<Registry, "borrow">;
  readonly epochOf: (runId: RunId) => number;
  readonly shrink: (worker: RegisteredWorker) => void;
  /** The worker has more slots. */
  readonly serve: (worker: RegisteredWorker) => void;
  /** Slots that were not needed for so long go back. */
  readonly idleMs: number;
}

interface Entry extends Borrowed {
  readonly worker: BorrowedWorker;
}

/** What a node has lent over one connection. */
interface Lender {
  readonly loans: Map<number, Entry>;
  /** Loans and additions that have come. */
  heard: number;
}

export class Borrower {
  readonly #parts: BorrowerParts;
  readonly #lenders = new Map<PeerChannel, Lender>();
  #isTrimming = false;

  constructor(parts: BorrowerParts) {
    this.#parts = parts;
  }

  heard(channel: PeerChannel): number {
    return this.#lender(channel).heard;
  }

  lent(channel: PeerChannel, { loan, worker: id, options, slots }: LoanTerms): void {
    const { registry, epochOf, shrink } = this.#parts;
    const lender = this.#lender(channel);
    lender.heard++;
    const kind = options.runSlots > 0 ? "workflow" : "task";
    const worker = new BorrowedWorker(id, kind, slots, {
      loan,
      channel,
      epochOf,
      shrink,
      spent: () => this.#leave(channel, loan),
    });
    const borrowed = registry.borrow(worker, options);
    if (borrowed === undefined) return channel.tell("lending.over", { loan });
    lender.loans.set(loan, { ...borrowed, worker });
    borrowed.registered.whenDrained.push(() => this.#left(channel, loan));
    worker.attach(borrowed.registered);
    this.#trimLater();
  }

  more(channel: PeerChannel, loan: number, slots: number): void {
    this.#lender(channel).heard++;
    const entry = this.find(channel, loan);
    if (entry === undefined) return;
    entry.worker.more(slots);
    this.#parts.serve(entry.registered);
  }

  /** Undefined: it is over. */
  find(channel: PeerChannel, loan: number): Entry | undefined {
    return this.#lenders.get(channel)?.loans.get(loan);
  }

  /** The worker is gone, and with it what it had. */
  lost(channel: PeerChannel, loan: number): void {
    const entry = this.find(channel, loan);
    this.#lender(channel).loans.delete(loan);
    entry?.session.close();
  }

  closed(channel: PeerChannel): void {
    const loans = this.#lenders.get(channel)?.loans ?? new Map<number, Entry>();
    this.#lenders.delete(channel);
    for (const { session } of loans.values()) session.close();
  }

  #lender(channel: PeerChannel): Lender {
    let lender = this.#lenders.get(channel);
    if (lender === undefined) {
      lender = { loans: new Map(), heard: 0 };
      this.#lenders.set(channel, lender);
    }
    return lender;
  }

  /** Nothing is left of it. */
  #leave(channel: PeerChannel, loan: number): void {
    const entry = this.find(channel, loan);
    if (entry?.registered.phase === "open") void entry.session.drain();
  }

  /** It is out of the registry. */
  #left(channel: PeerChannel, loan: number): void {
    if (this.#lenders.get(channel)?.loans.delete(loan)) channel.tell("lending.over", { loan });
  }

  #trimLater(): void {
    if (this.#isTrimming) return;
    this.#isTrimming = true;
    this.#parts.env.after(this.#parts.idleMs, () => {
      this.#isTrimming = false;
      const all = [...this.#lenders.values()].flatMap(({ loans }) => [...loans.values()]);
      if (all.length === 0) return;
      for (const { worker } of all) worker.trim();
      this.#trimLater();
    });
  }
}
