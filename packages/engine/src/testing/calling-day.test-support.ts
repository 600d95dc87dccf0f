/** Seeded bad days of a cluster: nodes die, leave and join, connections end or go deaf one way. */
import { deepStrictEqual, ok } from "node:assert/strict";
import { PerdureError, type KeyRef, type RunEvent, type RunId } from "@perdure/kernel";

import type { ClusterNode } from "./cluster.test-support.ts";
import { text } from "./payloads.test-support.ts";
import { base, TalkingCluster } from "./talking-cluster.test-support.ts";
import { VirtualEnv } from "./virtual-env.test-support.ts";

/** `unknown`: its node died, or said that nobody knows. */
type End = "done" | "unknown";

interface Call {
  readonly at: ClusterNode;
  readonly name: string;
  readonly run: RunId | undefined;
  end: End | undefined;
}

interface Watch {
  readonly runId: RunId;
  readonly at: ClusterNode;
  readonly heard: RunEvent[];
}

export class CallingDay {
  readonly #dice: VirtualEnv;
  readonly #calls: Call[] = [];
  readonly #starts: Call[] = [];
  readonly #runs: RunId[] = [];
  /** Runs that call a child, which is likely to be elsewhere. */
  readonly #parents: RunId[] = [];
  /** Of imported runs, which may be at another node than their key. */
  readonly #keys = new Map<RunId, KeyRef>();
  readonly #watches: Watch[] = [];
  readonly #dead = new Set<ClusterNode>();
  cluster!: TalkingCluster;
  nodes: ClusterNode[] = [];
  #names = 0;
  #isBad = false;

  constructor(seed: number) {
    this.#dice = new VirtualEnv(seed);
  }

  async live(): Promise<void> {
    this.cluster = await TalkingCluster.of("n1", "n2", "n3");
    this.nodes = this.cluster.nodes.map((node) => this.#unwell(node));
    this.#names = 3;
    for (const kind of ["x", "y", "z"]) await this.#import(kind);
    this.#isBad = true;
    for (let turn = 0; turn < 120; turn++) {
      this.#call();
      if (this.#chance(0.12)) await this.#harm();
      await this.cluster.env.pass(this.#dice.random() * 120);
    }
    this.#isBad = false;
    this.cluster.net.halted.clear();
    await this.cluster.env.pass(40_000);
    await this.#check();
  }

  /** Its store fails now and then, and does not always know what it has done. */
  #unwell(node: ClusterNode): ClusterNode {
    node.callFails = () => this.#isBad && this.#chance(0.01);
    node.commitFault = () => {
      return this.#isBad && this.#chance(0.02) ? this.#pick(["abort", "ambiguous"]) : "none";
    };
    return node;
  }

  async #import(kind: string): Promise<void> {
    const [one, other] = [this.#pick(this.nodes), this.#pick(this.nodes)];
    const journal = await this.cluster.journalFor(one, other, kind);
    const { runId, key } = journal.spec;
    await this.cluster.run(this.#pick(this.nodes).engine.importRun("test", journal));
    this.#runs.push(runId);
    this.#keys.set(runId, key!);
  }

  #chance(probability: number): boolean {
    return this.#dice.random() < probability;
  }

  #pick<T>(things: readonly T[]): T {
    return things[Math.floor(this.#dice.random() * things.length)]!;
  }

  #call(): void {
    const at = this.#pick(this.nodes);
    const name = `c${this.#calls.length + this.#starts.length}`;
    const run = this.#runs.length > 0 ? this.#pick(this.#runs) : undefined;
    if (run === undefined || this.#chance(0.3)) return this.#start(at, name);
    if (this.#chance(0.1)) this.#watch(at, run);
    const call: Call = { at, name, run, end: undefined };
    this.#calls.push(call);
    const { engine } = at;
    const key = this.#keys.get(run);
    const target = key !== undefined && this.#chance(0.5) ? { key } : { runId: run };
    if (this.#chance(0.7)) {
      const id = this.#chance(0.5) ? { id: name } : {};
      this.#follow(call, engine.signal(target, { name, ...id }));
    } else {
      this.#follow(call, engine.update(target, name, text("")));
    }
  }

  #start(at: ClusterNode, name: string): void {
    const kind = this.#pick(["alone", "keyed", "once", "parent"]);
    const key = { namespace: "test", kind: "workflow", id: name };
    const more = kind === "keyed" ? { key } : kind === "once" ? { requestId: name } : {};
    const call: Call = { at, name, run: undefined, end: undefined };
    this.#starts.push(call);
    const child = { ...key, kind: "child" };
    const request =
      kind === "parent"
        ? { ...base, workflow: "asks", input: text(JSON.stringify(child)) }
        : { ...base, workflow: "waits", ...more };
    const found = kind === "parent" ? this.#parents : this.#runs;
    this.#follow(
      call,
      at.engine.start(request).then(({ runId }) => found.push(runId)),
    );
  }

  #follow(call: Call, promise: Promise<unknown>): void {
    promise.then(
      () => (call.end = "done"),
      (error: unknown) => {
        call.end = "unknown";
        // Whoever leaves says so to its own callers.
        const allowed = [
          "unavailable",
          "store-failed",
          ...(this.#dead.has(call.at) ? ["closed"] : []),
        ];
        if (!(error instanceof PerdureError) || !allowed.includes(error.code)) throw error;
      },
    );
  }

  #watch(at: ClusterNode, runId: RunId): void {
    const heard: RunEvent[] = [];
    at.engine.watch(runId, (events) => heard.push(...events));
    this.#watches.push({ runId, at, heard });
  }

  async #harm(): Promise<void> {
    const { net } = this.cluster;
    const [one, other] = [this.#pick(this.nodes).name, this.#pick(this.nodes).name];
    const kind = this.#pick(["cut", "cut", "deaf", "freeze", "kill", "leave", "join"]);
    if (kind === "cut") return net.cut(one, other);
    if (kind === "deaf") {
      net.halted.add(`${one}>${other}`);
      this.cluster.env.after(this.#dice.random() * 6_000, () =>
        net.halted.delete(`${one}>${other}`),
      );
      return;
    }
    if (kind === "freeze") {
      const node = this.#pick(this.nodes);
      node.freeze();
      this.cluster.env.after(this.#dice.random() * 6_000, () => node.thaw());
      return;
    }
    if (kind === "join" ? this.nodes.length < 4 : this.nodes.length < 3) {
      this.nodes.push(this.#unwell(await this.cluster.join(`n${++this.#names}`)));
    } else if (kind !== "join") {
      const node = this.#pick(this.nodes);
      this.nodes = this.nodes.filter((left) => left !== node);
      this.#dead.add(node);
      if (kind === "kill") await this.cluster.kill(node);
      else void node.engine.close();
    }
  }

  async #check(): Promise<void> {
    const { cluster } = this;
    const { engine } = this.nodes[0]!;
    const stuck = [...this.#calls, ...this.#starts].filter(
      ({ at, end }) => end === undefined && !this.#dead.has(at),
    );
    deepStrictEqual(stuck, []);
    const journals = new Map<RunId, readonly RunEvent[]>();
    for (const runId of this.#runs) {
      await cluster.signal(this.#pick(this.nodes).engine, runId);
      const { status } = await cluster.run(engine.outcome(runId));
      deepStrictEqual(status, "completed");
      journals.set(runId, await cluster.run(this.#pick(this.nodes).engine.journal(runId)));
    }
    for (const runId of this.#parents) {
      const output = text("it said 123");
      deepStrictEqual(await cluster.run(engine.outcome(runId)), { status: "completed", output });
    }
    await this.#checkStarts();
    for (const call of this.#calls) checkOnce(call, journals.get(call.run!)!);
    await cluster.env.pass(5_000);
    for (const { at, runId, heard } of this.#watches) {
      const seqs = heard.map(({ seq }) => seq);
      const first = seqs[0] ?? 0;
      deepStrictEqual(
        seqs,
        seqs.map((_, i) => first + i),
      );
      if (!this.#dead.has(at)) deepStrictEqual(heard, journals.get(runId)!.slice(first - 1));
    }
    for (const { stopped, engine: one } of this.nodes) {
      deepStrictEqual(stopped, undefined);
      deepStrictEqual(one.stats().requests, 0);
    }
  }

  async #checkStarts(): Promise<void> {
    const count = (workflow: string): Promise<number> =>
      this.cluster.run(this.nodes[0]!.engine.count({ namespace: "test", workflow }));
    const done = this.#starts.filter(({ end }) => end === "done").length;
    const known = this.#parents.length + this.#runs.length - this.#keys.size;
    deepStrictEqual(known, done);
    const [waiting, asking, children] = [
      await count("waits"),
      await count("asks"),
      await count("three"),
    ];
    // A start of which nobody knows may have been done.
    ok(waiting >= this.#runs.length);
    ok(asking >= this.#parents.length);
    ok(waiting + asking - this.#keys.size <= this.#starts.length);
    deepStrictEqual(children, asking);
  }
}

/** What was acknowledged is there once, what is unknown at most once. */
function checkOnce({ name, end }: Call, journal: readonly RunEvent[]): void {
  const times = journal.filter((event) => {
    const isMine = event.kind === "signal.received" || event.kind === "update.accepted";
    return isMine && event.name === name;
  }).length;
  deepStrictEqual([name, end, times], [name, end, end === "done" ? 1 : Math.min(times, 1)]);
}
