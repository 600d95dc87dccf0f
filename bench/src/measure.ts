/** One contender's turn: the sizes of a workload, one after the other, in one process over one folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";
import type { Budget, DatabaseCounters, Figures, Memory } from "./contender.ts";
import type { Part } from "./plan.ts";
import { cpuOf, memoryOf } from "./processes.ts";
import { countedSince } from "./servers/postgres-counters.ts";
import { phasesOf, type Workload } from "./workload.ts";

/**
 * Longer in a process that has done nothing yet; and never longer than what is measured after it, but
 * where the plan says so.
 */
const firstWarmUpSeconds = 0.8;
const nextWarmUpSeconds = 0.3;
/** A slow contender's thousand in flight would be a long wave that nobody counts. */
const warmUpLanes = 64;
const sampleEveryMs = 250;

export interface ProcessFigures {
  readonly name: string;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

export interface PhaseFigures extends Figures {
  readonly phase: string;
  readonly processes: readonly ProcessFigures[];
  /** What the store has grown by, the warm-up included; and by how many operations. */
  readonly storeBytes: number;
  readonly storeOperations: number;
  /** What its database has done in this phase, the warm-up not included. */
  readonly database?: DatabaseCounters;
}

export interface Measurement {
  readonly phases: readonly PhaseFigures[];
  /** Only after growth. */
  readonly memory?: Memory;
  readonly recovery?: Recovery;
}

export interface Recovery {
  /** From the process that is up to the engine that is open. */
  readonly openMs: number;
  /** From there to the result of a new run. */
  readonly firstRunMs: number;
  /** After that, when what rests is cold: without what filling the store has left behind. */
  readonly memory?: Memory;
}

/**
 * T1  The sizes share the contender's processes and its store, so that they are started once.
 * T2  After an error, and after a wave that was cut, all processes are ended and the next size begins
 *     anew, over an empty folder: nothing of it runs on beside what is measured next.
 * T3  So does each size of growth, since what is there at its beginning is what it measures.
 */
export class Turn {
  readonly #module: string;
  #child: Child | undefined;
  #folder = "";
  #isWarm = false;

  constructor(module: string) {
    this.#module = module;
  }

  async measure({ workload, seconds, warmUpSeconds }: Part): Promise<Measurement> {
    try {
      const child = (this.#child ??= await this.#open());
      await child.prepare(workload);
      const phases: PhaseFigures[] = [];
      for (const phase of phasesOf[workload.kind]) {
        phases.push(
          await measurePhase(child, phase, seconds, this.#warmUp(seconds, warmUpSeconds)),
        );
        this.#isWarm = true;
      }
      if (workload.kind === "growth") return { phases, ...(await this.#killAndRecover(workload)) };
      if (phases.some(({ unfinished }) => unfinished !== undefined)) await this.#abandon();
      return { phases };
    } catch (error) {
      await this.#abandon();
      throw error;
    }
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#isWarm = false;
    try {
      await child?.close();
    } finally {
      if (this.#folder !== "") rmSync(this.#folder, { recursive: true, force: true });
      this.#folder = "";
    }
  }

  async #open(): Promise<Child> {
    this.#folder = mkdtempSync(join(tmpdir(), "perdure-bench-"));
    const child = (this.#child = new Child(this.#module));
    await child.hello();
    await child.open({ folder: this.#folder });
    return child;
  }

  #warmUp(seconds: number, first: number | undefined): Budget {
    if (!this.#isWarm && first !== undefined) return { seconds: first, lanes: warmUpLanes };
    const most = this.#isWarm ? nextWarmUpSeconds : firstWarmUpSeconds;
    return { seconds: Math.min(seconds, most), lanes: warmUpLanes };
  }

  async #abandon(): Promise<void> {
    await this.#child?.abandon();
    await this.close();
  }

  async #killAndRecover(workload: Workload): Promise<Omit<Measurement, "phases">> {
    const memory = await this.#child?.memory();
    await this.#child?.kill();
    this.#child = new Child(this.#module);
    const recovery = await recover(this.#child, this.#folder, workload);
    await this.close();
    return { recovery, ...(memory ? { memory } : {}) };
  }
}

async function measurePhase(
  child: Child,
  phase: string,
  seconds: number,
  warmUp: Budget,
): Promise<PhaseFigures> {
  const bytesBefore = await child.storeBytes();
  const warm = phase === "run" ? await child.run("warm-up", warmUp) : undefined;
  if (warm?.unfinished !== undefined) throw new Error("it did not even warm up in time");
  const countersBefore = await child.database();
  const named = await child.processes();
  const before = cpuOf(named);
  const peaks = memoryOf(named);
  const sampler = setInterval(() => {
    for (const [name, bytes] of memoryOf(named)) {
      peaks.set(name, Math.max(bytes, peaks.get(name) ?? 0));
    }
  }, sampleEveryMs);
  const measured = await child.run(phase, { seconds }).finally(() => clearInterval(sampler));
  // A worker that came in this phase is counted from its beginning.
  const now = await child.processes();
  const usage = cpuOf(now);
  const last = memoryOf(now);
  const counters = await child.database();
  const processes = usage.map(({ name, cpuMs }) => ({
    name,
    cpuMs: cpuMs - (before.find((one) => one.name === name)?.cpuMs ?? 0),
    peakBytes: Math.max(peaks.get(name) ?? 0, last.get(name) ?? 0),
  }));
  return {
    phase,
    ...measured,
    processes,
    storeBytes: (await child.storeBytes()) - bytesBefore,
    storeOperations: measured.operations + (warm?.operations ?? 0),
    ...(countersBefore && counters ? { database: countedSince(countersBefore, counters) } : {}),
  };
}

async function recover(child: Child, folder: string, workload: Workload): Promise<Recovery> {
  await child.hello();
  const begin = performance.now();
  await child.open({ folder });
  await child.prepare(workload);
  const openMs = performance.now() - begin;
  const { elapsedMs } = await child.run("recover", { seconds: 0 });
  const memory = await child.memory();
  return { openMs, firstRunMs: elapsedMs, ...(memory === null ? {} : { memory }) };
}
