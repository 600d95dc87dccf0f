/** Seeded bad days: commits fail or are forgotten, stores dawdle, workers and processes die. */
import { describe, expect, it } from "vitest";
import type { RunId } from "@perdure/kernel";
import { Disk } from "@perdure/store";
import { text } from "./testing/payloads.test-support.ts";
import { Rig, type RigChoices } from "./testing/rig.test-support.ts";
import { parent, remote, sleeps, three, waits } from "./testing/scripts.test-support.ts";
import type { ScriptedWorker } from "./testing/scripted-worker.test-support.ts";
import { VirtualEnv } from "./testing/virtual-env.test-support.ts";

const results: Readonly<Record<string, string>> = {
  parent: "child said 123",
  remote: "done",
  sleeps: "rested",
  three: "123",
  waits: "now",
};
const workflows = Object.keys(results);
const tuning = { idleMs: 2_000, liveStreams: 16, refusalsToStop: 1_000 };

class Day {
  readonly dice: VirtualEnv;
  readonly disk = new Disk(4);
  isBad = true;
  rig!: Rig;
  workers: ScriptedWorker[] = [];
  readonly #seed: number;
  #lives = 0;
  #workers = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.dice = new VirtualEnv(seed);
  }

  chance(probability: number): boolean {
    return this.dice.random() < probability;
  }

  async open(): Promise<void> {
    const env = new VirtualEnv(this.#seed * 1_000 + ++this.#lives);
    this.rig = await Rig.open({ disk: this.disk, env, tuning, faults: this.#faults(env) });
    this.workers = [];
    this.join();
    this.join();
  }

  join(): void {
    this.workers.push(
      this.rig.worker({
        id: `worker-${++this.#workers}`,
        scripts: { parent, remote, sleeps, three, waits },
        tasks: { work: () => "done" },
        options: { runSlots: 4, taskSlots: 2 },
      }),
    );
  }

  async die(): Promise<void> {
    this.rig.env.kill();
    await this.rig.store.close();
    await this.open();
  }

  #faults(env: VirtualEnv): NonNullable<RigChoices["faults"]> {
    const dawdle = (): Promise<void> => {
      if (!this.isBad || !this.chance(0.3)) return Promise.resolve();
      const ms = this.dice.random() * 20;
      return new Promise((resolve) => void env.after(ms, resolve));
    };
    return {
      before: async () => {
        await dawdle();
        if (!this.isBad || !this.chance(0.06)) return "none";
        return this.chance(0.5) ? "abort" : "ambiguous";
      },
      after: async () => {
        await dawdle();
        return this.isBad && this.chance(0.04) ? "ambiguous" : "none";
      },
      call: async (operation) => {
        await dawdle();
        if (operation === "commit" || operation === "close") return;
        if (this.isBad && this.rig !== undefined && this.chance(0.03)) throw new Error("busy");
      },
    };
  }
}

/** Asks again for as long as the answer is "later": the request id makes that safe. */
async function insist<T>(day: Day, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await day.rig.env.run(ask());
    } catch (error) {
      if ((error as { retry?: string }).retry !== "later") throw error;
      await day.rig.env.pass(50);
    }
  }
}

async function badDay(seed: number): Promise<void> {
  const day = new Day(seed);
  day.isBad = false;
  await day.open();
  day.isBad = true;
  const runs = new Map<RunId, string>();
  for (let i = 0; i < 12; i++) {
    const workflow = workflows[i % workflows.length]!;
    const request = { namespace: "test", workflow, queue: "main", input: text("") };
    const start = (): ReturnType<Rig["engine"]["start"]> =>
      day.rig.engine.start({ ...request, requestId: `r${i}` });
    runs.set((await insist(day, start)).runId, workflow);
    if (day.chance(0.2)) await day.rig.env.pass(day.dice.random() * 3_000);
    if (day.chance(0.15)) {
      day.workers.shift()?.session.close();
      day.join();
    }
    if (day.chance(0.1)) {
      day.isBad = false;
      await day.die();
      day.isBad = true;
    }
  }
  for (const [runId, workflow] of runs) {
    if (workflow !== "waits") continue;
    const signal = { name: "go", payload: text("now"), id: "s1" };
    await insist(day, () => day.rig.engine.signal({ runId }, signal));
  }
  day.isBad = false;
  for (const [runId, workflow] of runs) {
    expect(await day.rig.result(runId)).toBe(results[workflow]);
    const journal = await day.rig.journal(runId);
    expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, n) => n + 1));
    const ended = journal.flatMap((e) => (e.kind === "step.completed" ? [e.key] : []));
    expect(new Set(ended).size).toBe(ended.length);
  }
  const { rows } = await day.rig.env.run(day.rig.engine.list({ namespace: "test", limit: 100 }));
  const children = workflows.filter((_, i) => workflows[i % 5] === "parent").length;
  expect(rows.every(({ status }) => status === "completed")).toBe(true);
  expect(rows.length).toBeGreaterThanOrEqual(runs.size + children);
  await day.rig.close();
}

describe("a bad day", () => {
  it("ends with every run done, once, and every journal whole", async () => {
    const first = Number(process.env["PERDURE_SEED"] ?? 1);
    const seeds = Number(process.env["PERDURE_SEEDS"] ?? 40);
    for (let seed = first; seed < first + seeds; seed++) {
      try {
        await badDay(seed);
      } catch (cause) {
        throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
      }
    }
  }, 120_000);
});
