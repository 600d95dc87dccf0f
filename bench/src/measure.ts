/** One measurement: a contender, a workload, a fresh process over a fresh folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.ts";
import type { Figures, Memory } from "./contender.ts";
import { cpuOf, memoryOf } from "./processes.ts";
import { phasesOf, type Workload } from "./workload.ts";

const warmUpSeconds = 0.5;
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

export async function measure(
  module: string,
  workload: Workload,
  seconds: number,
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), "perdure-bench-"));
  let child = new Child(module);
  try {
    await child.hello();
    await child.open({ folder });
    await child.prepare(workload);
    const phases: PhaseFigures[] = [];
    for (const phase of phasesOf[workload.kind]) {
      phases.push(await measurePhase(child, phase, seconds));
    }
    if (workload.kind !== "growth") return { phases };
    const memory = await child.memory();
    await child.kill();
    child = new Child(module);
    const recovery = await recover(child, folder, workload);
    return { phases, recovery, ...(memory === null ? {} : { memory }) };
  } finally {
    await child.close().finally(() => rmSync(folder, { recursive: true, force: true }));
  }
}

async function measurePhase(child: Child, phase: string, seconds: number): Promise<PhaseFigures> {
  const bytesBefore = await child.storeBytes();
  const warmUp =
    phase === "run" ? await child.run("warm-up", Math.min(seconds, warmUpSeconds)) : undefined;
  const named = await child.processes();
  const before = cpuOf(named);
  const peaks = memoryOf(named);
  const sampler = setInterval(() => {
    for (const [name, bytes] of memoryOf(named)) {
      peaks.set(name, Math.max(bytes, peaks.get(name) ?? 0));
    }
  }, sampleEveryMs);
  const measured = await child.run(phase, seconds).finally(() => clearInterval(sampler));
  // A worker that came in this phase is counted from its beginning.
  const now = await child.processes();
  const usage = cpuOf(now);
  const last = memoryOf(now);
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
    storeOperations: measured.operations + (warmUp?.operations ?? 0),
  };
}

async function recover(child: Child, folder: string, workload: Workload): Promise<Recovery> {
  await child.hello();
  const begin = performance.now();
  await child.open({ folder });
  await child.prepare(workload);
  const openMs = performance.now() - begin;
  const { elapsedMs } = await child.run("recover", 0);
  const memory = await child.memory();
  return { openMs, firstRunMs: elapsedMs, ...(memory === null ? {} : { memory }) };
}
