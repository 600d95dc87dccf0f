/**
 * Attempts of other nodes' remote steps on a worker of this one.
 *
 * N4  An attempt whose loan has ended keeps its slot until the worker says how it ended.
 */
import { PerdureError, type Payload, type StepResult, type StepToken } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { ClaimedTask, Worker } from "../worker.ts";
import type { Start } from "../workers/lent-starts.ts";
import { nameOfAttempt, staleError } from "../workers/tasks.ts";
import type { Loan } from "./loan.ts";

const BEAT_MS = 10_000;
/** The borrower answers when its store has taken the outcome, however long that refuses. */
const RESULT_MS = 3_600_000;
const RETRY_MS = 250;

interface LentTask {
  readonly loan: Loan;
  readonly token: StepToken;
  /** It has reached the worker. */
  isStarted: boolean;
  isOrphan: boolean;
}

export interface LentTasksParts {
  readonly env: Env;
  readonly worker: Worker;
  /** Calls when the queue's rate lets a step start. */
  readonly start: (queue: string, start: Start) => void;
  /** A slot is no longer taken by an attempt whose loan is over. */
  readonly freed: () => void;
}

export class LentTasks {
  readonly #parts: LentTasksParts;
  readonly #tasks = new Map<string, LentTask>();

  constructor(parts: LentTasksParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** Slots taken by attempts whose loans are over; of one queue or all. */
  orphans(queue?: string): number {
    let count = 0;
    for (const { isOrphan, loan } of this.#tasks.values()) {
      if (isOrphan && (queue === undefined || loan.queue === queue)) count++;
    }
    return count;
  }

  *steps(): Generator<string> {
    for (const { token } of this.#tasks.values()) yield `${token.runId} in the step "${token.key}"`;
  }

  run(loan: Loan, task: ClaimedTask): void {
    const { token } = task;
    const name = nameOfAttempt(token);
    const lent: LentTask = { loan, token, isStarted: false, isOrphan: false };
    this.#tasks.set(name, lent);
    this.#parts.start(loan.queue, () => {
      if (this.#tasks.get(name) !== lent) return false;
      lent.isStarted = true;
      this.#parts.worker.runTask(task);
      return true;
    });
  }

  /** The worker still says how it ended; one that it has not been given is over at once. */
  cancel(loan: Loan, token: StepToken): void {
    const task = this.#tasks.get(nameOfAttempt(token));
    if (task?.loan !== loan) return;
    if (task.isStarted) return this.#parts.worker.cancelTask(token);
    void this.result(token, { type: "cancelled" }).catch(() => undefined);
  }

  has(token: StepToken): boolean {
    return this.#tasks.has(nameOfAttempt(token));
  }

  async beat(
    token: StepToken,
    details: Payload | undefined,
  ): Promise<{ readonly cancelRequested: boolean }> {
    const task = this.#tasks.get(nameOfAttempt(token));
    if (task === undefined || task.isOrphan) throw staleError(token);
    const { channel, number: loan } = task.loan;
    const extra = details === undefined ? {} : { details };
    return channel.call("lending.beat", { loan, token, ...extra }, BEAT_MS);
  }

  async result(token: StepToken, result: StepResult): Promise<void> {
    const task = this.#tasks.get(nameOfAttempt(token));
    if (task === undefined) throw staleError(token);
    try {
      await this.#tell(task, result);
    } finally {
      this.#drop(task);
    }
  }

  abandon(token: StepToken): void {
    const task = this.#tasks.get(nameOfAttempt(token));
    if (task === undefined) return;
    const { channel, number: loan } = task.loan;
    if (!task.isOrphan) channel.tell("lending.abandon", { loan, token });
    this.#drop(task);
  }

  endOf(loan: Loan): void {
    for (const [name, task] of this.#tasks) {
      if (task.loan !== loan) continue;
      task.isOrphan = true;
      if (task.isStarted) this.#parts.worker.cancelTask(task.token);
      else this.#tasks.delete(name);
    }
  }

  clear(): void {
    for (const task of this.#tasks.values()) task.isOrphan = true;
    this.#tasks.clear();
  }

  /** Tries for as long as the attempt is the borrower's: the outcome must not be lost. */
  async #tell(task: LentTask, result: StepResult): Promise<void> {
    const { loan, token } = task;
    const body = { loan: loan.number, token, result };
    for (;;) {
      if (task.isOrphan) throw staleError(token);
      try {
        await loan.channel.call("lending.result", body, RESULT_MS);
        return;
      } catch (error) {
        // The other node counts the worker as lost, and gives the step to somebody else.
        if (task.isOrphan || !loan.channel.isOpen) throw staleError(token);
        if (!(error instanceof PerdureError) || error.retry === "never") throw error;
        await new Promise<void>((resolve) => void this.#parts.env.after(RETRY_MS, resolve));
      }
    }
  }

  #drop(task: LentTask): void {
    const name = nameOfAttempt(task.token);
    if (this.#tasks.get(name) !== task) return;
    this.#tasks.delete(name);
    if (task.isOrphan) this.#parts.freed();
  }
}
