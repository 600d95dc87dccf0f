/**
 * Seeded bad days of several nodes: they die, freeze, leave and come back, connections are cut and
 * halted, and the workers are wherever chance has put them.
 */
import { PerdureError, type RunId } from "@perdure/kernel";
import { describe, expect, it } from "vitest";
import { ClusterRig, type ClusterNode } from "../testing/cluster.test-support.ts";
import { Gauge } from "../testing/gauge.test-support.ts";
import { Loopback } from "../testing/loopback.test-support.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { ScriptedWorker } from "../testing/scripted-worker.test-support.ts";
import { parent, remote, sleeps, three, waits } from "../testing/scripts.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";

const results: Readonly<Record<string, string>> = {
  parent: "child said 123",
  remote: "done",
  sleeps: "rested",
  three: "123",
  waits: "now",
};
const workflows = Object.keys(results);
/** Runs and steps at a time, and steps of the one queue. */
const sizes = [
  { runSlots: 3, taskSlots: 2, concurrency: 2 },
  { runSlots: 1, taskSlots: 1, concurrency: 1 },
  { runSlots: 8, taskSlots: 4, concurrency: 2 },
] as const;
const names = ["a", "b", "c"] as const;

class Day {
  readonly dice: VirtualEnv;
  readonly net: Loopback;
  readonly rig: ClusterRig;
  /** By place; undefined: nobody is there. */
  readonly nodes: (ClusterNode | undefined)[] = [];
  readonly frozen = new Set<ClusterNode>();
  readonly gauges: [Gauge, (typeof sizes)[number]][] = [];
  workers: ScriptedWorker[] = [];
  #lives = 0;
  #joined = 0;

  constructor(seed: number) {
    this.dice = new VirtualEnv(seed);
    let net: Loopback | undefined;
    this.rig = new ClusterRig(6, (env) => (net = new Loopback(env)));
    this.net = net!;
  }

  chance(probability: number): boolean {
    return this.dice.random() < probability;
  }

  draw<T>(list: readonly T[]): T {
    return list[Math.floor(this.dice.random() * list.length)]!;
  }

  get up(): readonly ClusterNode[] {
    return this.nodes.filter(
      (node) => node !== undefined && !this.frozen.has(node),
    ) as ClusterNode[];
  }

  pass(ms: number): Promise<void> {
    return this.rig.env.pass(ms);
  }

  async open(at: number): Promise<void> {
    const name = names[at]!;
    this.nodes[at] = await this.rig.open(`${name}${++this.#lives}`, {
      address: name,
      network: this.net.at(name),
    });
  }

  join(): void {
    const node = this.draw(this.up);
    const gauge = new Gauge(node.engine, () => this.rig.env.now());
    const size = this.draw(sizes);
    const { runSlots, taskSlots, concurrency } = size;
    const scripts = { parent, remote, sleeps, three, waits };
    const tasks = { work: () => "done" };
    const queues = [{ name: "main", workflows, tasks: ["work"], concurrency }];
    const options = { runSlots, taskSlots, queues };
    const choices = { id: `worker-${++this.#joined}`, scripts, tasks, options };
    const slowly = (call: () => void): void =>
      void node.env.after(Math.floor(this.dice.random() * 20), call);
    this.workers.push(new ScriptedWorker(choices, slowly).join(gauge));
    this.gauges.push([gauge, size]);
  }

  /** Something bad, if there is enough left for it. */
  async strike(): Promise<void> {
    const at = Math.floor(this.dice.random() * names.length);
    const node = this.nodes[at];
    const kind = this.draw(["kill", "leave", "freeze", "cut", "halt", "worker", "slow"] as const);
    if (kind === "cut") return this.net.cut(this.draw(names), this.draw(names));
    if (kind === "slow") return void (this.net.latencyMs = this.draw([1, 1, 5, 40, 150]));
    if (kind === "halt") {
      const [from, to] = [this.draw(names), this.draw(names)];
      this.net.halted.add(`${from}>${to}`);
      // A connection has no gaps: one that has lost something is over.
      this.rig.env.after(this.dice.random() * 4_000, () => {
        this.net.cut(from, to);
        this.net.halted.delete(`${from}>${to}`);
      });
      return;
    }
    if (kind === "worker") {
      this.workers.shift()?.session.close();
      return this.join();
    }
    if (node === undefined) return this.open(at);
    if (this.up.length < 2 || !this.up.includes(node)) return;
    if (kind === "freeze") {
      this.frozen.add(node);
      node.freeze();
      const thaw = (): void => {
        this.frozen.delete(node);
        node.thaw();
      };
      return void this.rig.env.after(this.dice.random() * 4_000, thaw);
    }
    this.nodes[at] = undefined;
    if (kind === "kill") await node.kill();
    else await this.rig.env.run(node.engine.close());
    if (this.up.length === 0) await this.open(at);
    this.join();
  }

  async calm(): Promise<void> {
    this.net.latencyMs = 1;
    await this.pass(10_000);
    for (const [at] of names.entries()) if (this.nodes[at] === undefined) await this.open(at);
    this.join();
    this.join();
    await this.pass(5_000);
  }

  /** Asks any node, for as long as asking again is safe and may help. */
  async insist<T>(ask: (node: ClusterNode) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.rig.env.run(ask(this.draw(this.up)));
      } catch (error) {
        const isOver = !(error instanceof PerdureError) || error.retry === "never";
        if (isOver || tries > 200) throw error;
        await this.pass(50);
      }
    }
  }
}

async function badDay(seed: number): Promise<void> {
  const day = new Day(seed);
  for (const [at] of names.entries()) await day.open(at);
  await day.pass(3_000);
  day.join();
  day.join();
  const runs = new Map<RunId, string>();
  for (let i = 0; i < 15; i++) {
    const workflow = workflows[i % workflows.length]!;
    const request = { namespace: "test", workflow, queue: "main", input: text("") };
    const started = await day.insist(({ engine }) =>
      engine.start({ ...request, requestId: `r${i}` }),
    );
    runs.set(started.runId, workflow);
    if (day.chance(0.4)) await day.pass(day.dice.random() * 2_000);
    if (day.chance(0.6)) await day.strike();
  }
  for (const [runId, workflow] of runs) {
    if (workflow !== "waits") continue;
    const signal = { name: "go", payload: text("now"), id: "s1" };
    // One whose answer was lost has done its work, and the run may have closed for it.
    await day
      .insist(({ engine }) => engine.signal({ runId }, signal))
      .catch((error: unknown) => {
        if (!(error instanceof PerdureError) || error.code !== "already-closed") throw error;
      });
    await day.strike();
  }
  await day.calm();
  for (const [runId, workflow] of runs) {
    const outcome = await day.insist(({ engine }) => engine.outcome(runId));
    expect(outcome.status === "completed" && textOf(outcome.output)).toBe(results[workflow]);
    const journal = await day.insist(({ engine }) => engine.journal(runId));
    expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, n) => n + 1));
    const ended = journal.flatMap((event) => (event.kind === "step.completed" ? [event.key] : []));
    expect(new Set(ended).size).toBe(ended.length);
  }
  for (const [{ mostRuns, mostOfQueue }, { runSlots, concurrency }] of day.gauges) {
    expect(mostRuns).toBeLessThanOrEqual(runSlots);
    expect(mostOfQueue.get("main") ?? 0).toBeLessThanOrEqual(concurrency);
  }
  for (const node of day.nodes) expect(node?.stopped).toBeUndefined();
  const faults = day.rig.env.logged.filter((line) => /could not be taken|torn|failed:/.test(line));
  expect(faults).toEqual([]);
}

describe("bad days of several nodes", () => {
  it("end with every run done, once, and no worker has had more than its slots", async () => {
    const first = Number(process.env["PERDURE_SEED"] ?? 1);
    const seeds = Number(process.env["PERDURE_SEEDS"] ?? 6);
    for (let seed = first; seed < first + seeds; seed++) {
      try {
        await badDay(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
      }
    }
  }, 900_000);
});
