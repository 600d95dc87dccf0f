/**
 * Lends slots of this node's workers to nodes that have work for them. It keeps what each of those
 * asks for, and sees to it that everybody has what the plan gives them.
 */
import type { RunId } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Lease } from "../worker.ts";
import type { Bucket, Place } from "../workers/bucket.ts";
import { busyWith } from "../workers/busy.ts";
import type { Demand } from "../workers/demand.ts";
import type { Matcher } from "../workers/matcher.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import { Asker } from "./asker.ts";
import type { Supply } from "./lending-words.ts";
import { LentWorker } from "./lent-worker.ts";
import { Loan } from "./loan.ts";
import { planLoans, type Borrowing, type Turns } from "./loan-plan.ts";
import type { PeerChannel } from "./peer-channel.ts";
import { absorb, leftOf, Wishes, type Wish } from "./wishes.ts";

const kinds = ["workflow", "task"] as const;
/** Of the workers that have no room so many are named. */
const NAMED = 3;
/** Workers that are looked at each time. */
const WINDOW = 256;
/** What waits here may be done here in the next moment. */
const SOON_MS = 5;
/** How often it looks which steps take long. */
const DOING_MS = 1_000;

export interface LenderParts {
  readonly env: Env;
  readonly matcher: Matcher;
  readonly turns: Turns & { readonly lookMs: number };
  readonly draw: () => Lease;
  /** Does this epoch of the run's partition outdo this node's? Then a hold of its own is over. */
  readonly outdoes: (worker: RegisteredWorker, runId: RunId, epoch: number) => boolean;
  readonly shrink: (worker: RegisteredWorker) => void;
  readonly emptied: (worker: RegisteredWorker) => void;
}

/** A loan, and the worker that it is of. */
export interface Lent {
  readonly loan: Loan;
  readonly lent: LentWorker;
}

/** What one node has and wants of one queue of a worker. */
interface Line extends Borrowing {
  readonly asker: Asker;
  readonly queue: string;
  readonly wishes: readonly Wish[];
  readonly loan: Loan | undefined;
}

interface Turn {
  readonly isBusy: boolean;
  readonly since: number;
}

export class Lender {
  readonly #parts: LenderParts;
  readonly #askers = new Map<PeerChannel, Asker>();
  readonly #loans = new Map<number, Lent>();
  /** Of each worker and kind of work: since when this node has been using it, or not. */
  readonly #turns = new WeakMap<RegisteredWorker, { [K in Bucket["kind"]]?: Turn }>();
  #lastLoan = 0;
  #cancelLook: (() => void) | undefined;
  /** Monotonic ms of the next look, and of the last. */
  #lookAt = Infinity;
  #lookedAt = -Infinity;
  #turn = 0;
  #isWatching = false;

  constructor(parts: LenderParts) {
    this.#parts = parts;
  }

  /** Undefined: it is over. */
  find(channel: PeerChannel, number: number): Lent | undefined {
    const lending = this.#loans.get(number);
    return lending?.loan.channel === channel ? lending : undefined;
  }

  asked(channel: PeerChannel, heard: number, wants: readonly Demand[]): void {
    const asker = this.#asker(channel);
    if (!asker.asks(heard, wants, this.#parts.env.monotonic())) return;
    for (const { loan, lent } of this.#loans.values()) {
      if (loan.channel !== channel || loan.promised === 0) continue;
      const wishes = asker.wishes.of(lent.registered.options, loan.kind, loan.queue);
      loan.promised = absorb(wishes, loan.promised);
      lent.changed();
    }
    this.#look();
    asker.tellSupply((place) => this.#supplyOf(place));
  }

  /** Work of this node waits. */
  waits(): void {
    if (this.#loans.size > 0) this.#lookIn(SOON_MS);
  }

  back({ loan, lent }: Lent, slots: number): void {
    loan.back(slots);
    this.#asker(loan.channel).turnEndedAt = this.#parts.env.monotonic();
    lent.changed();
  }

  closed(channel: PeerChannel): void {
    this.#askers.delete(channel);
    for (const { loan, lent } of this.#loans.values()) {
      if (loan.channel === channel) lent.over(loan);
    }
  }

  #asker(channel: PeerChannel): Asker {
    let asker = this.#askers.get(channel);
    if (asker === undefined) {
      asker = new Asker(channel);
      this.#askers.set(channel, asker);
    }
    return asker;
  }

  #supplyOf(place: Place): Supply | undefined {
    const { matcher } = this.#parts;
    const { namespace, queue, kind } = place;
    const serving = matcher.servesHere(place);
    if (serving === "nobody") return undefined;
    const own = matcher.knowing(place).filter((worker) => !worker.isBorrowed);
    const busy = own.flatMap((worker) => busyWith(worker, queue, kind) ?? []).slice(0, NAMED);
    return { place, serving, busy, versions: matcher.versionsHere(namespace, queue) };
  }

  /** Not sooner than `lookMs` after the last time. */
  #lookIn(ms: number): void {
    const { env, turns } = this.#parts;
    const now = env.monotonic();
    const at = Math.max(now + ms, this.#lookedAt + turns.lookMs);
    if (at >= this.#lookAt) return;
    this.#cancelLook?.();
    this.#lookAt = at;
    this.#cancelLook = env.after(at - now, () => this.#look());
  }

  #look(): void {
    this.#cancelLook?.();
    this.#lookAt = Infinity;
    const { env, matcher, turns } = this.#parts;
    this.#lookedAt = env.monotonic();
    const own = new Wishes(matcher.demand(), this.#lookedAt);
    for (const worker of this.#concerned()) {
      for (const kind of kinds) this.#share(worker, kind, own);
    }
    const isAsked = [...this.#askers.values()].some(({ isAsking }) => isAsking);
    if (isAsked || (own.all.length > 0 && this.#loans.size > 0)) this.#lookIn(turns.lookMs);
  }

  /**
   * Workers of this node of which something is lent, or that could do what is asked for. When they
   * are many, they are looked at in turn.
   */
  #concerned(): readonly RegisteredWorker[] {
    const found = new Set<RegisteredWorker>();
    const turn = this.#turn++;
    for (const { lent } of windowOf([...this.#loans.values()], turn)) found.add(lent.registered);
    for (const { wishes } of this.#askers.values()) {
      for (const { demand } of wishes.all) {
        for (const worker of windowOf(this.#parts.matcher.knowing(demand), turn)) found.add(worker);
      }
    }
    const isLendable = (worker: RegisteredWorker): boolean =>
      worker.phase === "open" && !worker.isBorrowed;
    return windowOf([...found].filter(isLendable), turn);
  }

  /** Gives the slots of one worker out as the plan says. */
  #share(worker: RegisteredWorker, kind: Bucket["kind"], own: Wishes): void {
    const borrowings = this.#lines(worker, kind);
    if (borrowings.length === 0) return;
    const mine = own.ofAll(worker.options, kind);
    const slots = slotsOf(worker, kind);
    const lasted = this.#lasted(worker, kind, slots.busy > 0);
    const pool = { ...slots, ...lasted, wants: leftOf(mine), borrowings };
    for (const [at, change] of planLoans(pool, this.#parts.turns).entries()) {
      const line = borrowings[at];
      if (line === undefined) continue;
      line.loan?.recall(change.recall, change.keep);
      absorb(mine, change.recall);
      const more = change.promised - line.promised;
      if (more === 0) continue;
      absorb(line.wishes, more);
      const loan = line.loan ?? this.#begin(worker, kind, line);
      loan.promised = change.promised;
    }
    lentOf(worker)?.changed();
  }

  /** For how long this node has had work in progress on the worker, or none. */
  #lasted(worker: RegisteredWorker, kind: Bucket["kind"], isBusy: boolean) {
    const now = this.#parts.env.monotonic();
    const turns = this.#turns.get(worker) ?? {};
    const last = turns[kind];
    const turn = last?.isBusy === isBusy ? last : { isBusy, since: now };
    this.#turns.set(worker, { ...turns, [kind]: turn });
    const ms = now - turn.since;
    return { heldMs: isBusy ? ms : 0, waitedMs: isBusy ? 0 : ms };
  }

  /** Who has some of the worker's slots, or wants some. */
  #lines(worker: RegisteredWorker, kind: Bucket["kind"]): Line[] {
    const now = this.#parts.env.monotonic();
    const loans = [...(lentOf(worker)?.loans ?? [])].filter((loan) => loan.kind === kind);
    const lines: Line[] = [];
    for (const asker of this.#askers.values()) {
      for (const queue of new Set(worker.options.queues.map(({ name }) => name))) {
        const wishes = asker.wishes.of(worker.options, kind, queue);
        const loan = loans.find((one) => one.channel === asker.channel && one.queue === queue);
        if (loan === undefined && leftOf(wishes) === 0) continue;
        const { slots = 0, promised = 0, since = now } = loan ?? {};
        lines.push({
          node: asker.channel.node,
          wants: promised + leftOf(wishes),
          waitedMs: asker.waitedMs(wishes, now),
          slots,
          promised,
          heldMs: slots === 0 ? 0 : now - since,
          room: roomOf(worker, kind, queue),
          asker,
          queue,
          wishes,
          loan,
        });
      }
    }
    return lines;
  }

  #begin(worker: RegisteredWorker, kind: Bucket["kind"], { asker, queue }: Line): Loan {
    const lent = lentOf(worker) ?? this.#lend(worker);
    const loan = new Loan(++this.#lastLoan, kind, queue, asker.channel);
    lent.loans.add(loan);
    this.#loans.set(loan.number, { loan, lent });
    return loan;
  }

  #lend(worker: RegisteredWorker): LentWorker {
    const { env, matcher, draw, outdoes, shrink, emptied } = this.#parts;
    const { namespace } = worker.options;
    return new LentWorker(worker, {
      env,
      draw,
      outdoes: (runId, epoch) => outdoes(worker, runId, epoch),
      start: (queue, start) => matcher.startLent(namespace, queue, start),
      shrink: () => shrink(worker),
      freed: () => {
        matcher.serve(worker);
        emptied(worker);
      },
      given: ({ channel }) => {
        this.#asker(channel).sent++;
        this.#watch();
      },
      ended: ({ number }) => void this.#loans.delete(number),
    });
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#parts.env.after(DOING_MS, () => {
      this.#isWatching = false;
      if (this.#loans.size === 0) return;
      const workers = new Set([...this.#loans.values()].map(({ lent }) => lent));
      for (const { runs } of workers) runs.tellDoing(this.#parts.env.now());
      this.#watch();
    });
  }
}

function lentOf({ lent }: RegisteredWorker): LentWorker | undefined {
  return lent instanceof LentWorker ? lent : undefined;
}

function roomOf(worker: RegisteredWorker, kind: Bucket["kind"], queue: string): number {
  if (kind === "workflow") return Infinity;
  const lent = worker.lent?.tasksOf(queue) ?? 0;
  return Math.floor(worker.concurrencyOf(queue)) - worker.tasksOf(queue) - lent;
}

function slotsOf(worker: RegisteredWorker, kind: Bucket["kind"]) {
  const { options, holds, reserved, parked, tasks, lent } = worker;
  if (kind === "task") {
    return { capacity: options.taskSlots, busy: tasks.size + (lent?.orphans ?? 0), parked: 0 };
  }
  const busy = holds.size + reserved - parked.size;
  return { capacity: options.runSlots, busy, parked: parked.size };
}

/** So many of them, other ones each time when they are more. */
function windowOf<T>(list: readonly T[], turn: number): readonly T[] {
  if (list.length <= WINDOW) return list;
  const from = (turn * WINDOW) % list.length;
  return [...list.slice(from, from + WINDOW), ...list.slice(0, from)].slice(0, WINDOW);
}
