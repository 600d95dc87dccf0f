/**
 * A worker of this node, as far as other nodes have it. It owns the loans.
 *
 * N1  The slots that are lent and those in use here are never more than the worker's; of a queue
 *     with a concurrency the same holds of that.
 */
import type { ActivationAnswer, Payload, RunId, StepResult, StepToken } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Lease } from "../worker.ts";
import type { Lent } from "../workers/lent.ts";
import type { RegisteredWorker } from "../workers/registered-worker.ts";
import { LentRuns, type LentRunsParts } from "./lent-runs.ts";
import { LentTasks, type LentTasksParts } from "./lent-tasks.ts";
import type { Loan } from "./loan.ts";

export interface LentWorkerParts {
  readonly env: Env;
  readonly draw: LentRunsParts["draw"];
  readonly outdoes: LentRunsParts["outdoes"];
  readonly start: LentTasksParts["start"];
  /** This node has fewer slots of it: coroutines that wait leave. */
  readonly shrink: () => void;
  /** This node has more slots of it, or nothing of it is lent any more. */
  readonly freed: () => void;
  /** Slots were given to the borrower. */
  readonly given: (loan: Loan) => void;
  readonly ended: (loan: Loan) => void;
}

export class LentWorker implements Lent {
  readonly registered: RegisteredWorker;
  readonly loans: Set<Loan> = new Set();
  readonly runs: LentRuns;
  readonly attempts: LentTasks;
  readonly #parts: LentWorkerParts;

  constructor(registered: RegisteredWorker, parts: LentWorkerParts) {
    const { env, draw, outdoes, start } = parts;
    const { worker } = registered;
    this.registered = registered;
    this.#parts = parts;
    this.runs = new LentRuns({ env, worker, draw, outdoes });
    this.attempts = new LentTasks({ env, worker, start, freed: () => this.changed() });
    registered.lent = this;
    registered.onFreed = () => this.#grant();
  }

  get holds(): number {
    return this.runs.size;
  }

  get tasks(): number {
    return this.attempts.size;
  }

  work(kind: "workflow" | "task"): Iterable<string> {
    return kind === "workflow" ? this.runs.ids() : this.attempts.steps();
  }

  get orphans(): number {
    return this.attempts.orphans();
  }

  tasksOf(queue: string): number {
    const lent = this.#sum((loan) => loan.kind === "task" && loan.queue === queue);
    return lent + this.attempts.orphans(queue);
  }

  /** Promises have been made or taken back, or slots have come back. */
  changed(): void {
    for (const loan of this.loans) if (loan.slots + loan.promised === 0) this.#forget(loan);
    if (this.loans.size === 0 && this.orphans === 0) this.#leave();
    else this.#grant();
    this.#parts.freed();
  }

  recall(): void {
    for (const loan of this.loans) {
      loan.promised = 0;
      loan.recall(loan.slots, 0);
    }
    this.changed();
  }

  /** The loan, or its connection, has come to its end. */
  over(loan: Loan): void {
    if (!this.loans.delete(loan)) return;
    this.#parts.ended(loan);
    this.runs.endOf(loan);
    this.attempts.endOf(loan);
    this.changed();
  }

  end(isThere: boolean): void {
    for (const loan of this.loans) {
      loan.channel.tell("lending.lost", { loan: loan.number });
      this.loans.delete(loan);
      this.#parts.ended(loan);
      if (!isThere) continue;
      this.runs.endOf(loan);
      this.attempts.endOf(loan);
    }
    this.runs.clear();
    this.attempts.clear();
    this.#leave();
  }

  answer(runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle: boolean): void {
    this.runs.answer(runId, lease, answer, isIdle);
  }

  yield(runId: RunId): void {
    this.runs.yield(runId);
  }

  release(runId: RunId, lease: Lease): void {
    this.runs.release(runId, lease);
  }

  has(token: StepToken): boolean {
    return this.attempts.has(token);
  }

  abandon(token: StepToken): void {
    this.attempts.abandon(token);
  }

  beat(token: StepToken, details: Payload | undefined): ReturnType<LentTasks["beat"]> {
    return this.attempts.beat(token, details);
  }

  result(token: StepToken, result: StepResult): Promise<void> {
    return this.attempts.result(token, result);
  }

  /** What was promised is lent as far as slots are free (N1). */
  #grant(): void {
    const { registered, loans } = this;
    this.#count();
    this.#parts.shrink();
    for (const loan of loans) {
      const slots = Math.min(loan.promised, this.#freeFor(loan));
      if (slots <= 0) continue;
      if (loan.slots === 0) loan.since = this.#parts.env.monotonic();
      loan.give(registered.worker.id, registered.options, slots);
      this.#parts.given(loan);
    }
  }

  /** What this node may use of it. */
  #count(): void {
    const { options } = this.registered;
    const runs = this.#sum(({ kind }) => kind === "workflow");
    const tasks = this.#sum(({ kind }) => kind === "task") + this.orphans;
    this.registered.runSlots = options.runSlots - runs;
    this.registered.taskSlots = options.taskSlots - tasks;
  }

  /** Slots that nobody has, and that the queue's concurrency leaves. */
  #freeFor({ kind, queue }: Loan): number {
    const { holds, reserved, tasks, options } = this.registered;
    if (kind === "workflow") {
      const lent = this.#slots((loan) => loan.kind === kind);
      return options.runSlots - holds.size - reserved - lent;
    }
    const lent = this.#slots((loan) => loan.kind === kind) + this.orphans;
    const ofQueue = this.#slots((loan) => loan.kind === kind && loan.queue === queue);
    const bound = this.registered.concurrencyOf(queue) - this.attempts.orphans(queue) - ofQueue;
    const room = Math.floor(bound) - this.registered.tasksOf(queue);
    return Math.min(options.taskSlots - tasks.size - lent, room);
  }

  #slots(counts: (loan: Loan) => boolean): number {
    let sum = 0;
    for (const loan of this.loans) if (counts(loan)) sum += loan.slots;
    return sum;
  }

  #sum(counts: (loan: Loan) => boolean): number {
    let sum = 0;
    for (const loan of this.loans) if (counts(loan)) sum += loan.slots + loan.promised;
    return sum;
  }

  #forget(loan: Loan): void {
    // One that the borrower knows of ends with its word.
    if (loan.isTold) return;
    this.loans.delete(loan);
    this.#parts.ended(loan);
  }

  #leave(): void {
    const { registered } = this;
    registered.lent = undefined;
    registered.onFreed = undefined;
    registered.runSlots = registered.options.runSlots;
    registered.taskSlots = registered.options.taskSlots;
  }
}
