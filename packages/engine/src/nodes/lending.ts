/** Workers for all nodes. What is said of loans goes to the lender or to the borrower of this node. */
import { partitionOf, PerdureError, runStream, type RunId } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Partition } from "../streams/partition.ts";
import type { WorkerSession } from "../worker.ts";
import type { Leases } from "../workers/leases.ts";
import type { Matcher } from "../workers/matcher.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import type { Registry } from "../workers/registry.ts";
import { staleError } from "../workers/tasks.ts";
import { Borrower } from "./borrower.ts";
import { Lender, type Lent } from "./lender.ts";
import type { LentRun } from "./lent-runs.ts";
import type { PeerChannel } from "./peer-channel.ts";
import type { PeerTalk } from "./peers.ts";
import { Supplies } from "./supplies.ts";
import { Wants } from "./wants.ts";

/** Durations in ms. */
export interface LendingTimes {
  /** Work waits so long for a worker of its own node before others are asked for one. */
  readonly soonMs: number;
  /** Between two lists of what waits. */
  readonly pauseMs: number;
  readonly againMs: number;
  /** Between two looks at who should have what, while somebody waits. */
  readonly lookMs: number;
  /** A node without a share of a busy worker's slots waits so long for one. */
  readonly patienceMs: number;
  /** And has it for so long when there are not enough for all. */
  readonly termMs: number;
  /** Slots that are not needed for so long go back. */
  readonly idleMs: number;
}

export const lendingTimes: LendingTimes = {
  soonMs: 5,
  pauseMs: 50,
  againMs: 250,
  lookMs: 50,
  patienceMs: 100,
  termMs: 300,
  idleMs: 5_000,
};

export interface LendingParts {
  readonly env: Env;
  readonly partitions: readonly Partition[];
  readonly matcher: Matcher;
  readonly leases: Leases;
  readonly registry: Registry;
  readonly peers: PeerTalk;
  readonly times?: LendingTimes;
}

export class Lending {
  readonly #parts: LendingParts;
  readonly #lender: Lender;
  readonly #borrower: Borrower;
  readonly #wants: Wants;
  readonly #supplies = new Supplies();

  constructor(parts: LendingParts) {
    const { env, matcher, leases, registry, peers, times = lendingTimes } = parts;
    const shrink = (worker: RegisteredWorker): void => leases.shrink(worker);
    this.#parts = parts;
    this.#lender = new Lender({
      env,
      matcher,
      turns: times,
      draw: () => leases.draw(),
      outdoes: (worker, runId, epoch) => this.#outdoes(worker, runId, epoch),
      shrink,
      emptied: registry.emptied,
    });
    this.#borrower = new Borrower({
      env,
      registry,
      epochOf: (runId) => this.#epochOf(runId),
      shrink,
      serve: (worker) => matcher.serve(worker),
      idleMs: times.idleMs,
    });
    this.#wants = new Wants({
      ...times,
      env,
      demand: () => matcher.demand(),
      isWaiting: () => matcher.hasWaiting,
      channels: () => peers.all(),
      heard: (channel) => this.#borrower.heard(channel),
    });
  }

  /** Before the peers are started. */
  start(): void {
    const { matcher, peers } = this.#parts;
    const supplies = this.#supplies;
    matcher.join({
      waits: () => {
        this.#wants.stir();
        this.#lender.waits();
      },
      serves: (place) => supplies.serves(place),
      busy: (namespace, queue, kind) => supplies.busy(namespace, queue, kind),
      versions: (namespace, queue) => supplies.versions(namespace, queue),
    });
    peers.onOpen(() => this.#wants.stir());
    peers.onClose((channel) => {
      this.#lender.closed(channel);
      this.#borrower.closed(channel);
      supplies.closed(channel);
    });
    this.#hearLenders();
    this.#hearBorrowers();
    this.#answerLenders();
    this.#answerBorrowers();
  }

  #hearLenders(): void {
    const { peers } = this.#parts;
    const borrower = this.#borrower;
    peers.hear("lending.supply", ({ known }, from) => this.#supplies.told(from, known));
    peers.hear("lending.lend", (terms, from) => {
      borrower.lent(from, terms);
      this.#wants.stir();
    });
    peers.hear("lending.more", ({ loan, slots }, from) => {
      borrower.more(from, loan, slots);
      this.#wants.stir();
    });
    peers.hear("lending.recall", ({ loan, slots, keep }, from) => {
      borrower.find(from, loan)?.worker.recall(slots, keep);
    });
    peers.hear("lending.lost", ({ loan }, from) => borrower.lost(from, loan));
    peers.hear("lending.answer", ({ loan, runId, lease, answer, isIdle }, from) => {
      borrower.find(from, loan)?.session.answer(runId, lease, answer, isIdle);
    });
    peers.hear("lending.release", ({ loan, runId, lease }, from) => {
      borrower.find(from, loan)?.session.release(runId, lease);
    });
    peers.hear("lending.abandon", ({ loan, token }, from) => {
      borrower.find(from, loan)?.session.abandon(token);
    });
    peers.hear("lending.doing", ({ loan, runId, doing }, from) => {
      borrower.find(from, loan)?.worker.tellsDoing(runId, doing);
    });
  }

  #answerLenders(): void {
    const { peers } = this.#parts;
    peers.answer("lending.beat", ({ loan, token, details }, from) => {
      return this.#session(from, loan, () => staleError(token)).beat(token, details);
    });
    peers.answer("lending.result", async ({ loan, token, result }, from) => {
      await this.#session(from, loan, () => staleError(token)).result(token, result);
      return null;
    });
  }

  #hearBorrowers(): void {
    const { peers } = this.#parts;
    const lender = this.#lender;
    peers.hear("lending.demand", ({ heard, wants }, from) => lender.asked(from, heard, wants));
    peers.hear("lending.back", ({ loan, slots }, from) => {
      const found = lender.find(from, loan);
      if (found !== undefined) lender.back(found, slots);
    });
    peers.hear("lending.over", ({ loan }, from) => {
      const found = lender.find(from, loan);
      found?.lent.over(found.loan);
    });
    peers.hear("lending.activate", ({ loan, activation, epoch }, from) => {
      const found = lender.find(from, loan);
      found?.lent.runs.activate(found.loan, activation, epoch);
    });
    peers.hear("lending.deliver", ({ loan, runId, lease, events }, from) => {
      const [found, run] = this.#run(from, loan, runId, lease);
      if (run !== undefined) found?.lent.registered.worker.deliver(runId, run.near, events);
    });
    peers.hear("lending.evict", ({ loan, runId, lease }, from) => {
      const [found, run] = this.#run(from, loan, runId, lease);
      if (run !== undefined) found?.lent.runs.evict(run);
    });
    peers.hear("lending.task", ({ loan, task }, from) => {
      const found = lender.find(from, loan);
      found?.lent.attempts.run(found.loan, task);
    });
    peers.hear("lending.cancel", ({ loan, token }, from) => {
      const found = lender.find(from, loan);
      found?.lent.attempts.cancel(found.loan, token);
    });
  }

  #answerBorrowers(): void {
    const { peers } = this.#parts;
    peers.answer("lending.query", async ({ loan, runId, lease, name, input }, from) => {
      const [found, run] = this.#run(from, loan, runId, lease);
      if (found === undefined || run === undefined) throw heldNoMore();
      return found.lent.registered.worker.query(runId, run.near, name, input);
    });
    peers.answer("lending.update", async ({ loan, runId, lease, update }, from) => {
      const [found, run] = this.#run(from, loan, runId, lease);
      if (found === undefined || run === undefined) throw heldNoMore();
      await found.lent.registered.worker.update(runId, run.near, update);
      return null;
    });
  }

  #session(from: PeerChannel, loan: number, gone: () => PerdureError): WorkerSession {
    const session = this.#borrower.find(from, loan)?.session;
    if (session === undefined) throw gone();
    return session;
  }

  #run(
    from: PeerChannel,
    loan: number,
    runId: RunId,
    lease: number,
  ): readonly [Lent?, (LentRun | undefined)?] {
    const found = this.#lender.find(from, loan);
    return found === undefined ? [] : [found, found.lent.runs.find(found.loan, runId, lease)];
  }

  #epochOf(runId: RunId): number {
    const { partitions } = this.#parts;
    return partitions[partitionOf(runStream(runId), partitions.length)]?.epoch ?? 0;
  }

  /** A node with a later epoch has the run's partition: what this one has of the run is void. */
  #outdoes(worker: RegisteredWorker, runId: RunId, epoch: number): boolean {
    const hold = worker.holds.get(runId);
    if (hold === undefined) return true;
    if (this.#epochOf(runId) >= epoch) return false;
    this.#parts.leases.drop(hold.live, movedError());
    return true;
  }
}

function heldNoMore(): PerdureError {
  return new PerdureError("unavailable", "The run moved to another worker meanwhile: ask again.");
}

function movedError(): PerdureError {
  return new PerdureError("unavailable", "The run is another node's now: ask again.");
}
