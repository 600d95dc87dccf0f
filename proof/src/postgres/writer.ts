/**
 * Owns two partitions and commits to them without end, as an engine does: several commits on their
 * way at once, some of them over both partitions. It believes the store's every word, and complains
 * where two of them do not fit together.
 *
 * 1. A commit answered `done` is applied; `failed` and `fenced` mean that it is not, for ever.
 * 2. After `unknown` the truth is asked for, until there is an answer; then both partitions are
 *    opened anew, before anything else is committed.
 * 3. What a commit over two partitions did, it did to both.
 */
import { setTimeout as delay } from "node:timers/promises";
import { PerdureError } from "@perdure/kernel";
import type { Batch, CommitResult, Store } from "@perdure/store";
import type { Random } from "../fuzz/random.ts";
import { PartitionModel, type Fate } from "./partition-model.ts";

const PATIENCE_MS = 90_000;
const RETRY_MS = 25;
const IN_FLIGHT = 3;
/** A store may forget how far epochs came that ended long ago. */
const AUDITED_EPOCHS = 500;

export interface Tally {
  done: number;
  failed: number;
  /** Of the unknown ones. */
  applied: number;
  lost: number;
  opens: number;
}

export class Writer {
  readonly tally: Tally = { done: 0, failed: 0, applied: 0, lost: 0, opens: 0 };
  readonly complaints: string[] = [];
  readonly #store: () => Store;
  readonly #random: Random;
  readonly #models: readonly [PartitionModel, PartitionModel];
  readonly #epochs = new Map<number, number>();
  /** Batches of which the store has said that they are lost. */
  readonly #lost: Batch[] = [];

  /** `store`: the handle in use; a failed one may be replaced. */
  constructor(store: () => Store, partitions: readonly [number, number], random: Random) {
    this.#store = store;
    this.#random = random;
    const [one, other] = partitions;
    this.#models = [new PartitionModel(one, other, random), new PartitionModel(other, one, random)];
  }

  /** Takes both partitions, and compares what it is told with what must be there. */
  async open(): Promise<void> {
    for (const model of this.#models) {
      const opened = await this.#again("open", () => this.#store().open(model.partition));
      this.#epochs.set(model.partition, opened.epoch);
      this.tally.opens += 1;
      this.complaints.push(...model.judge(opened, this.#partnerOf(model).marked));
    }
  }

  /** Until `isOver`, whatever happens meanwhile. */
  async go(isOver: () => boolean): Promise<void> {
    while (!isOver() && this.complaints.length === 0) {
      if (!(await this.commit(IN_FLIGHT))) await this.open();
    }
  }

  /** So many commits at once; false: not all were done, and the partitions have to be opened. */
  async commit(calls: number): Promise<boolean> {
    const sent = Array.from({ length: calls }, () => this.#proposed());
    const results = await Promise.all(
      sent.map(async (batches) => within(PATIENCE_MS, this.#store().commit(batches))),
    );
    const cutOff = new Set<number>();
    for (const [i, batches] of sent.entries()) {
      const result = results[i];
      if (result === undefined) throw new RangeError("a commit without a result");
      await this.#settle(batches, result, cutOff);
    }
    return results.every(({ type }) => type === "done");
  }

  /** Every stream is as it must be, by this handle; what was lost is still lost. */
  async audit(store: Store): Promise<void> {
    for (const { partition, streams } of this.#models) {
      for (const [stream, expected] of streams) {
        const data = await store.read(stream);
        const found = data?.events.map((event) => new TextDecoder().decode(event)) ?? [];
        if (found.join("\n") === expected.join("\n")) continue;
        const at = expected.findIndex((text, i) => text !== found[i]);
        this.complaints.push(
          `partition ${partition}, ${stream}: ${found.length} events, not ${expected.length}; they differ at ${at === -1 ? expected.length : at}`,
        );
      }
    }
    for (const { partition, number, epoch } of this.#lost) {
      if (epoch <= (this.#epochs.get(partition) ?? 0) - AUDITED_EPOCHS) continue;
      if ((await store.outcome(partition, number, epoch)) === "lost") continue;
      this.complaints.push(`batch ${number} of partition ${partition} was lost, and now is not`);
    }
  }

  #proposed(): readonly Batch[] {
    const chosen = this.#models.filter(() => this.#random.chance(0.7));
    return (chosen.length === 0 ? this.#models.slice(0, 1) : chosen).map((model) => {
      const epoch = this.#epochs.get(model.partition) ?? 0;
      return model.propose(epoch, this.#partnerOf(model).messages.length);
    });
  }

  /** `cutOff`: partitions of which a batch was lost, so that none after it can follow. */
  async #settle(
    batches: readonly Batch[],
    result: CommitResult,
    cutOff: Set<number>,
  ): Promise<void> {
    const fates = await Promise.all(batches.map((batch) => this.#fateOf(batch, result)));
    const [fate = "lost"] = fates;
    if (fates.some((other) => other !== fate)) {
      this.complaints.push(`a commit over two partitions was applied to one: ${named(batches)}`);
    }
    if (result.type === "done") this.tally.done += 1;
    else if (result.type === "unknown") this.tally[fate] += 1;
    else this.tally.failed += 1;
    for (const { partition } of batches) {
      if (fate === "applied" && cutOff.has(partition)) {
        this.complaints.push(`applied after one that was lost: ${named(batches)}`);
      }
      if (fate === "lost") cutOff.add(partition);
      this.#models.find((model) => model.partition === partition)?.settle(fate);
    }
    if (result.type === "fenced") this.complaints.push(`fenced by nobody: ${named(batches)}`);
    if (fate === "lost") this.#lost.push(...batches);
  }

  async #fateOf({ partition, number, epoch }: Batch, { type }: CommitResult): Promise<Fate> {
    if (type !== "unknown") return type === "done" ? "applied" : "lost";
    const fate = await this.#again("outcome", () =>
      this.#store().outcome(partition, number, epoch),
    );
    return fate;
  }

  #partnerOf(model: PartitionModel): PartitionModel {
    const [one, other] = this.#models;
    return model === one ? other : one;
  }

  /** A store that is away for a while says so; it has to come back. */
  async #again<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await within(PATIENCE_MS, ask());
      } catch (error) {
        const isAway = error instanceof PerdureError && error.retry !== "never";
        if (!isAway || performance.now() > end) {
          throw new Error(`${what} failed for good: ${String(error)}`, { cause: error });
        }
        await delay(RETRY_MS);
      }
    }
  }
}

function named(batches: readonly Batch[]): string {
  return batches.map(({ partition, number }) => `p${partition}#${number}`).join(" and ");
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
