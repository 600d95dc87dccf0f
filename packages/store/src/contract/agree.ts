/**
 * The differential test: two stores get the same random operations and must answer the same, after
 * each one. It ends only when every operation has succeeded, and has failed in each way that the
 * port documents, so that a run which happened not to look at something cannot pass.
 */
import { deepStrictEqual } from "node:assert";
import { partitionOf, type Json, type StreamId } from "@perdure/kernel";
import type { Batch, Claim, CommitResult, Query, Store } from "../store.ts";
import { beatAll, blob } from "./fixture.ts";
import type { CommitFault, Harness } from "./harness.ts";
import { Model, nthStream, PARTITIONS, STREAMS, type Mistake } from "./model.ts";
import { Random } from "./random.ts";

export interface Agreement {
  readonly operations: number;
  /** How often each thing happened that had to. */
  readonly seen: Readonly<Record<string, number>>;
}

const mistakes = ["epoch", "number", "from", "message", "settle"] as const satisfies Mistake[];
const faults = ["abort", "lost", "applied"] as const satisfies CommitFault[];

const required = [
  "open",
  "open with a late claim",
  "beat",
  "commit done",
  ...mistakes.map((mistake) => `commit with a wrong ${mistake}`),
  "outcome applied",
  "outcome lost",
  "read whole",
  "read with a snapshot",
  "read a part",
  "read nothing",
  "blob found",
  "blob missing",
  "alarms some",
  "alarms none",
  "streams some",
  "streams none",
  "search some",
  "search none",
  "search a later page",
  "search with a false cursor",
  "count",
  "prune some",
  "prune none",
  "reopen",
] as const;

export async function agree(
  one: Harness,
  other: Harness,
  seed: number,
  operations: number,
): Promise<Agreement> {
  const driver = new Driver(one, other, seed);
  for (let done = 1; ; done++) {
    await driver.step();
    if (done >= operations && driver.missing().length === 0) {
      return { operations: done, seen: Object.fromEntries(driver.seen) };
    }
    if (done > operations + 20_000) {
      throw new Error(`seed ${seed} never showed: ${driver.missing().join(", ")}`);
    }
  }
}

class Driver {
  readonly seen = new Map<string, number>();
  readonly #pair: readonly [Harness, Harness];
  readonly #random: Random;
  readonly #model: Model;
  readonly #required: readonly string[];
  readonly #canFail: boolean;
  readonly #trail: string[];
  #cursor: string | undefined;

  constructor(one: Harness, other: Harness, seed: number) {
    this.#pair = [one, other];
    this.#random = new Random(seed);
    this.#model = new Model(this.#random);
    this.#trail = [`seed ${seed}`];
    this.#canFail = one.failNext !== undefined && other.failNext !== undefined;
    this.#required = [
      ...required,
      ...(this.#canFail ? faults.map((fault) => `commit ${fault}`) : []),
    ];
  }

  missing(): readonly string[] {
    return this.#required.filter((name) => !this.seen.has(name));
  }

  async step(): Promise<void> {
    const random = this.#random;
    const partition = random.below(PARTITIONS);
    if (!this.#model.owns(partition)) return this.#open(partition);
    const dice = random.below(100);
    if (dice < 45) return this.#commit(partition);
    if (dice < 52) return this.#commit(partition, random.pick(mistakes));
    if (dice < 56) return this.#failing(partition, random.pick(faults));
    if (dice < 60) return this.#open(partition);
    if (dice < 75) return this.#read();
    if (dice < 79) return this.#blob();
    if (dice < 82) return this.#alarms(partition);
    if (dice < 84) return this.#streams();
    if (dice < 92) return this.#search();
    if (dice < 95) return this.#outcome(partition);
    if (dice < 97) return this.#prune();
    if (dice < 98) return this.#beat(partition);
    return this.#reopen();
  }

  async #open(partition: number, claim?: Claim): Promise<void> {
    const [opened] = await this.#both(`open ${partition}`, async (store) => {
      const { streams, marks, sent, outbox, ...rest } = await store.open(partition, claim);
      const lists = {
        streams: streams.toSorted(),
        marks: marks.toSorted((a, b) => a.from - b.from),
      };
      const messages = outbox.toSorted((a, b) => a.to - b.to || a.seq - b.seq);
      return { ...rest, ...lists, outbox: messages, sent: sent.toSorted((a, b) => a.to - b.to) };
    });
    this.#model.opened(partition, opened);
    this.#saw("open");
  }

  async #commit(partition: number, mistake?: Mistake): Promise<void> {
    const batch = this.#model.batch(partition, mistake);
    const result = await this.#send(batch, `commit ${mistake ?? ""}`);
    if (mistake === undefined) {
      deepStrictEqual(result, "done", this.#trail.slice(-5).join("\n"));
      this.#model.applied(batch);
      return this.#saw("commit done");
    }
    deepStrictEqual(result, mistake === "epoch" ? "fenced" : "failed");
    this.#saw(`commit with a wrong ${mistake}`);
  }

  /** After a commit without an answer its truth is asked for, as every owner does. */
  async #failing(partition: number, fault: CommitFault): Promise<void> {
    if (!this.#canFail) return;
    for (const harness of this.#pair) harness.failNext?.(fault);
    const batch = this.#model.batch(partition);
    const result = await this.#send(batch, `commit, ${fault}`);
    deepStrictEqual(result, fault === "abort" ? "failed" : "unknown");
    const [outcome] = await this.#both("its outcome", (store) =>
      store.outcome(partition, batch.number),
    );
    deepStrictEqual(outcome, fault === "applied" ? "applied" : "lost");
    if (outcome === "applied") this.#model.applied(batch);
    this.#saw(`commit ${fault}`);
    await this.#open(partition);
  }

  async #send(batch: Batch, label: string): Promise<CommitResult["type"]> {
    const [type] = await this.#both(label, async (store) => {
      const result = await store.commit([batch]);
      if ("reason" in result) this.#trail.push(result.reason);
      return result.type;
    });
    return type;
  }

  async #read(): Promise<void> {
    const random = this.#random;
    const name = nthStream(random.below(STREAMS + 1));
    const from = random.chance(0.5) ? undefined : 1 + random.below(6);
    const limit = random.chance(0.5) ? undefined : 1 + random.below(4);
    const [data] = await this.#both(`read ${name} ${from} ${limit}`, (store) =>
      store.read(name, from, limit),
    );
    if (data === undefined) this.#saw("read nothing");
    else if (data.snapshot !== undefined) this.#saw("read with a snapshot");
    else this.#saw(data.events.length < data.seq ? "read a part" : "read whole");
  }

  async #blob(): Promise<void> {
    const unknown = blob(nthStream(0), new Uint8Array(0));
    const { stream: name, hash } = this.#random.pick([unknown, ...this.#model.blobs]);
    const [[data]] = await this.#both(`blobs of ${name}`, (store) =>
      store.blobs(partitionOf(name, PARTITIONS), [hash]),
    );
    this.#saw(data === undefined ? "blob missing" : "blob found");
  }

  async #alarms(partition: number): Promise<void> {
    const before = this.#random.below(100);
    const limit = 1 + this.#random.below(5);
    const [alarms] = await this.#both(`alarms ${partition} ${before} ${limit}`, (store) =>
      store.alarms(partition, before, limit),
    );
    this.#saw(alarms.length === 0 ? "alarms none" : "alarms some");
  }

  async #streams(): Promise<void> {
    const random = this.#random;
    const prefix = nthStream(random.below(STREAMS + 1)).slice(
      0,
      random.chance(0.9) ? -2 : undefined,
    );
    const after = random.chance(0.5) ? undefined : nthStream(random.below(STREAMS + 1));
    const limit = 1 + random.below(STREAMS);
    const [names] = await this.#both(`streams ${prefix} ${limit} ${after}`, (store) =>
      store.streams(prefix, limit, after),
    );
    this.#saw(names.length === 0 ? "streams none" : "streams some");
  }

  async #search(): Promise<void> {
    const random = this.#random;
    if (random.chance(0.1)) return this.#falseCursor();
    const filter: Omit<Query, "limit" | "cursor"> = {
      namespace: random.chance(0.9) ? "default" : "empty",
      ...(random.chance(0.3) && { status: [random.pick(["open", "completed", "failed"])] }),
      ...(random.chance(0.2) && { workflow: random.pick(["order", "refund"]) }),
      ...(random.chance(0.2) && { key: `key ${random.below(3)}` }),
      ...(random.chance(0.3) && {
        attributes: { n: random.pick<Json>([1, "1", true, null, "none"]) },
      }),
      ...(random.chance(0.2) && { startedAfter: 1_000 + random.below(4) }),
      ...(random.chance(0.2) && { startedBefore: 1_000 + random.below(6) }),
    };
    const cursor = random.chance(0.5) ? this.#cursor : undefined;
    const query = {
      ...filter,
      limit: 1 + random.below(5),
      ...(cursor !== undefined && { cursor }),
    };
    const [page] = await this.#both(`search ${JSON.stringify(query)}`, async (store) => {
      await store.flush();
      return store.search(query);
    });
    await this.#both(`count ${JSON.stringify(filter)}`, (store) => store.count(filter));
    this.#saw("count");
    this.#cursor = page.cursor;
    if (page.rows.length === 0) return this.#saw("search none");
    this.#saw(cursor === undefined ? "search some" : "search a later page");
  }

  async #falseCursor(): Promise<void> {
    await this.#both("search with a false cursor", (store) =>
      store.search({ namespace: "default", limit: 1, cursor: "?" }).then(
        () => "found",
        (error: unknown) => (error as { readonly code: unknown }).code,
      ),
    );
    this.#saw("search with a false cursor");
  }

  async #outcome(partition: number): Promise<void> {
    const number = this.#model.lastNumber(partition) + this.#random.below(3) - 1;
    const [outcome] = await this.#both(`outcome ${partition} ${number}`, (store) =>
      store.outcome(partition, number),
    );
    this.#saw(`outcome ${outcome}`);
  }

  async #beat(partition: number): Promise<void> {
    const random = this.#random;
    const id = random.pick(["one", "other"]);
    const record = {
      id,
      address: `at ${id}`,
      version: "1.0.0",
      startedAt: 1_000,
      beat: random.below(9),
      isLeaving: random.chance(0.2),
    };
    const gone = random.chance(0.2) ? [random.pick(["one", "third"])] : [];
    const [{ partitions }] = await this.#both(`beat ${id} ${gone.join()}`, (store) =>
      beatAll(store, record, gone),
    );
    this.#saw("beat");
    const { epoch = 0 } = partitions[partition] ?? {};
    const after = random.chance(0.5) ? epoch : epoch - 1;
    if (after === epoch) return this.#open(partition, { node: id, after });
    await this.#both(`release ${partition}`, (store) => store.release(partition, epoch));
    await this.#both(`late claim ${partition}`, (store) =>
      store.open(partition, { node: id, after }).then(
        () => "opened",
        (error: unknown) => (error as { readonly code: unknown }).code,
      ),
    );
    this.#saw("open with a late claim");
  }

  /** Until nothing is left: which go first is the store's affair. */
  async #prune(): Promise<void> {
    const now = this.#random.below(1_000);
    const limit = 1 + this.#random.below(3);
    const [pruned] = await this.#both(`prune ${now} ${limit}`, async (store) => {
      const gone: StreamId[] = [];
      for (;;) {
        const some = await store.prune(now, limit);
        if (some.length === 0) return gone.toSorted();
        if (some.length > limit) throw new Error(`pruned ${some.length} and not ${limit}`);
        gone.push(...some);
      }
    });
    this.#model.forgotten(pruned);
    this.#saw(pruned.length === 0 ? "prune none" : "prune some");
  }

  async #reopen(): Promise<void> {
    // Rows of unsettled runs may be lost with the process; their owner writes them again.
    await this.#both("flush", (store) => store.flush());
    for (const harness of this.#pair) await harness.reopen();
    this.#trail.push("reopen");
    for (let partition = 0; partition < PARTITIONS; partition++) await this.#open(partition);
    this.#saw("reopen");
  }

  /** Asks both stores and compares what they say. */
  async #both<T>(label: string, ask: (store: Store) => Promise<T>): Promise<readonly [T, T]> {
    this.#trail.push(label);
    const [one, other] = this.#pair;
    const answers = [await ask(one.store), await ask(other.store)] as const;
    const [left, right] = answers.map(plain);
    deepStrictEqual(right, left, `the stores differ after:\n${this.#trail.slice(-20).join("\n")}`);
    return answers;
  }

  #saw(name: string): void {
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
  }
}

/** Bytes as text, so that views and buffers of the same bytes are equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, plain(item)]));
}
