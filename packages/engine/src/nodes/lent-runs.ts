/**
 * Runs of other nodes whose code runs on a worker of this one.
 *
 * N2  The worker sees lease numbers of this node only, each for one hold, whoever has it.
 * N3  A run is held for one owner of its partition: the one with the later epoch. Any other is told
 *     that its hold is over. Of one owner's holds the last counts, whichever connection it came by:
 *     the one before may have broken without this end being told.
 */
import type { ActivationAnswer, RunId } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Activation, Lease, Worker } from "../worker.ts";
import type { Doing } from "./lending-words.ts";
import type { Loan } from "./loan.ts";

/** Whoever has lost a partition and does not know it yet would ask again at once, and again. */
const REFUSED_MS = 100;
/** A step that takes this long is told of. */
const LONG_STEP_MS = 1_000;

export interface LentRun {
  readonly loan: Loan;
  readonly runId: RunId;
  /** The borrower's number for the hold, and the one that the worker sees. */
  readonly far: Lease;
  readonly near: Lease;
  /** Of the run's partition at the borrower. */
  readonly epoch: number;
  /** As the borrower knows it. */
  told: Doing;
}

export interface LentRunsParts {
  readonly env: Env;
  readonly worker: Worker;
  readonly draw: () => Lease;
  /** Does this epoch of the run's partition outdo this node's? Then a hold of its own is over. */
  readonly outdoes: (runId: RunId, epoch: number) => boolean;
}

export class LentRuns {
  readonly #parts: LentRunsParts;
  readonly #runs = new Map<RunId, LentRun>();

  constructor(parts: LentRunsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#runs.size;
  }

  ids(): Iterable<RunId> {
    return this.#runs.keys();
  }

  activate(loan: Loan, activation: Activation, epoch: number): void {
    const { runId, lease: far } = activation;
    const { env, worker, draw, outdoes } = this.#parts;
    const before = this.#runs.get(runId);
    const isLate = before !== undefined && isLater(before, loan, far, epoch);
    if (isLate || !outdoes(runId, epoch)) {
      env.after(REFUSED_MS, () => tellOver({ loan, runId, far }));
      return;
    }
    if (before !== undefined) {
      worker.evict(runId, before.near);
      tellOver(before);
    }
    const near = draw();
    this.#runs.set(runId, { loan, runId, far, near, epoch, told: undefined });
    worker.activate({ ...activation, lease: near });
  }

  /** Undefined: the hold is over. */
  find(loan: Loan, runId: RunId, far: Lease): LentRun | undefined {
    const run = this.#runs.get(runId);
    return run?.loan === loan && run.far === far ? run : undefined;
  }

  evict({ runId, near }: LentRun): void {
    this.#runs.delete(runId);
    this.#parts.worker.evict(runId, near);
  }

  answer(runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle: boolean): void {
    const run = this.#runs.get(runId);
    if (run?.near !== lease) return;
    const { loan, far } = run;
    loan.channel.tell("lending.answer", { loan: loan.number, runId, lease: far, answer, isIdle });
  }

  /** The worker has lost the run. */
  release(runId: RunId, lease: Lease): void {
    const run = this.#runs.get(runId);
    if (run?.near !== lease) return;
    this.#runs.delete(runId);
    tellOver(run);
  }

  /** This node has the run itself now. */
  yield(runId: RunId): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    this.evict(run);
    tellOver(run);
  }

  endOf(loan: Loan): void {
    for (const run of this.#runs.values()) if (run.loan === loan) this.evict(run);
  }

  clear(): void {
    this.#runs.clear();
  }

  /** Tells borrowers which step a run's code has been in for long, and when it no longer is. */
  tellDoing(now: number): void {
    for (const run of this.#runs.values()) {
      const { loan, runId, far: lease, told } = run;
      const doing = this.#parts.worker.doing?.(runId);
      const long = doing !== undefined && now - doing.since >= LONG_STEP_MS ? doing : undefined;
      if (long?.key === told?.key && long?.since === told?.since) continue;
      run.told = long;
      loan.channel.tell("lending.doing", { loan: loan.number, runId, lease, doing: long });
    }
  }
}

/** One node's holds follow each other; between two nodes the epoch decides (N3). */
function isLater(run: LentRun, loan: Loan, far: Lease, epoch: number): boolean {
  const isSame = run.loan.channel.node === loan.channel.node;
  return isSame ? run.far > far : run.epoch >= epoch;
}

function tellOver({ loan, runId, far }: Pick<LentRun, "loan" | "runId" | "far">): void {
  loan.channel.tell("lending.release", { loan: loan.number, runId, lease: far });
}
