/**
 * Carries out groups of commits: one transaction for all, and an answer for each.
 *
 * 1. `done` is answered after the database has answered COMMIT with `synchronous_commit` as it is
 *    set there (S2), and not before.
 * 2. A call that is refused takes no other down with it: what was in its transaction is tried
 *    again without it.
 * 3. What may have been applied is answered `unknown`, and never tried again.
 */
import type { CommitResult } from "@perdure/store";
import type { Database } from "../database.ts";
import { postgresLimits as limits } from "../limits.ts";
import type { Partitions } from "../partitions.ts";
import { adviceFor, isAboutValues, isCertain, isGivenUp } from "../postgres-error.ts";
import { brokenCondition } from "../tables/log.ts";
import { lookAtAll } from "../tables/partitions.ts";
import type { CommitCall } from "./turns.ts";
import { Writing } from "./writing.ts";

export interface CommitterParts {
  readonly database: Database;
  readonly partitions: Partitions;
  /** Calls that are durable. */
  readonly applied: (calls: readonly CommitCall[]) => void;
}

export class Committer {
  readonly #parts: CommitterParts;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** Answers every call. */
  readonly carryOut = async (calls: readonly CommitCall[]): Promise<void> => {
    let left = calls;
    for (let attempt = 1; left.length > 0; attempt++) {
      try {
        left = await this.#attempt(left, attempt);
      } catch (error) {
        answerAll(left, refusedBy(error));
        return;
      }
    }
  };

  /** The calls that are to be tried again. */
  async #attempt(calls: readonly CommitCall[], attempt: number): Promise<readonly CommitCall[]> {
    const { partitions, applied } = this.#parts;
    const writing = new Writing();
    const taken: CommitCall[] = [];
    try {
      await this.#prepare(calls);
      for (const call of calls) {
        const verdict = writing.take(call.batches, partitions.known);
        if (verdict === undefined) taken.push(call);
        else call.answer(verdict);
      }
      if (taken.length === 0) return [];
      await partitions.write(writing, partitionsOf(taken));
    } catch (error) {
      const left = taken.length === 0 ? calls : taken;
      for (const partition of partitionsOf(left)) partitions.forget(partition);
      return this.#failed(left, error, attempt);
    }
    applied(taken);
    answerAll(taken, { type: "done" });
    return [];
  }

  /** Everything that is needed to judge the calls is known by heart afterwards. */
  async #prepare(calls: readonly CommitCall[]): Promise<void> {
    const { partitions } = this.#parts;
    const batches = calls.flatMap((call) => call.batches);
    const newest = new Map<number, number>();
    for (const { partition, epoch } of batches) {
      newest.set(partition, Math.max(epoch, newest.get(partition) ?? 0));
    }
    const missing = [...newest].filter(
      ([partition, epoch]) => (partitions.known.get(partition)?.epoch ?? -1) < epoch,
    );
    await Promise.all(missing.map(([partition, epoch]) => partitions.get(partition, epoch)));
    await partitions.lookUp(batches);
  }

  async #failed(
    calls: readonly CommitCall[],
    error: unknown,
    attempt: number,
  ): Promise<readonly CommitCall[]> {
    if (!isCertain(error)) {
      const reason = `Whether it was applied is not known yet: ask for the outcome. ${adviceFor(error)}`;
      answerAll(calls, { type: "unknown", reason });
      return [];
    }
    if (brokenCondition(error) === "fence") return this.#fenced(calls);
    const isAgain = isGivenUp(error) && attempt < limits.attempts;
    if (isAgain) return calls;
    const isOnesFault = isAboutValues(error) || brokenCondition(error) !== undefined;
    if (isOnesFault && calls.length > 1) {
      for (const call of calls) await this.carryOut([call]);
      return [];
    }
    answerAll(calls, refusedBy(error));
    return [];
  }

  /** Says to whom it is due that somebody else owns the partition; the others are tried again. */
  async #fenced(calls: readonly CommitCall[]): Promise<readonly CommitCall[]> {
    const { database, partitions } = this.#parts;
    const rows = await lookAtAll(database, partitionsOf(calls));
    const epochs = new Map(rows.map(({ partition, epoch }) => [partition, epoch]));
    for (const { partition, epoch } of rows) partitions.lose(partition, epoch);
    const left: CommitCall[] = [];
    for (const call of calls) {
      const stale = call.batches.find(
        ({ partition, epoch }) => (epochs.get(partition) ?? epoch) > epoch,
      );
      if (stale === undefined) left.push(call);
      else call.answer({ type: "fenced", partition: stale.partition });
    }
    if (left.length < calls.length) return left;
    const reason = "The partition was renewed by another process. Open the partition again.";
    answerAll(calls, { type: "failed", reason });
    return [];
  }
}

function partitionsOf(calls: readonly CommitCall[]): readonly number[] {
  return [...new Set(calls.flatMap(({ batches }) => batches.map(({ partition }) => partition)))];
}

function answerAll(calls: readonly CommitCall[], result: CommitResult): void {
  for (const call of calls) call.answer(result);
}

function refusedBy(error: unknown): CommitResult {
  if (brokenCondition(error) === "exists") {
    const reason = "A stream that the commit begins is there already. Open the partition again.";
    return { type: "failed", reason };
  }
  return { type: "failed", reason: adviceFor(error) };
}
