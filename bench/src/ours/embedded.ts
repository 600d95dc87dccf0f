/** Perdure in one process: `open` on a store; engine, workflow code and load share it. */
import { systemEnv } from "@perdure/engine";
import { open, type EmbeddedPerdure } from "perdure";
import { InProcessWorker, Registry } from "perdure/worker";
import type { DatabaseCounters, Memory, NamedProcess, Opened } from "../contender.ts";
import { code, probe } from "./definitions.ts";
import { Growth } from "./growth.ts";
import { prepare } from "./prepare.ts";

/** Where its state is. */
export interface EmbeddedStore {
  /** For `open`. */
  readonly name: string;
  readonly processes: readonly NamedProcess[];
  bytes(): Promise<number>;
  readonly database?: () => Promise<DatabaseCounters>;
  stop(): Promise<void>;
}

export function openEmbedded(store: EmbeddedStore, folder: string): Opened {
  let growth: Growth | undefined;
  let perdure: EmbeddedPerdure | undefined;
  const { database } = store;
  return {
    async prepare(workload) {
      if (workload.kind === "growth") {
        growth = await Growth.open(folder, workload.sleeping);
        return growth;
      }
      // Jobs wait until a worker comes that has code for them.
      const given = workload.kind === "jobs" ? {} : code;
      perdure ??= await open({ store: store.name, ...given });
      const { engine } = perdure;
      const work = async (runSlots?: number): Promise<typeof probe> => {
        if (runSlots !== undefined) register(engine, runSlots);
        return probe;
      };
      return prepare({ perdure, work }, workload);
    },
    processes: () => [
      { name: store.processes.length === 0 ? "all" : "application", pid: process.pid },
      ...store.processes,
    ],
    storeBytes: () => store.bytes(),
    ...(database === undefined ? {} : { database }),
    async memory() {
      await growth?.cold();
      return memoryAfterGc();
    },
    close: async () => {
      await growth?.close();
      await perdure?.close();
      await store.stop();
    },
  };
}

function register(engine: EmbeddedPerdure["engine"], runSlots: number): void {
  const env = systemEnv();
  const log: typeof env.log = (...line) => env.log(...line);
  const registry = new Registry(code);
  const worker = new InProcessWorker({ id: "jobs", registry, env, log });
  const queues = registry.queues();
  const served = { namespace: "default", queues, taskSlots: 1, runSlots, leaseMs: 0 };
  worker.connect(engine.register(worker, served));
}

/**
 * An ordinary collection leaves the pages that it has emptied with V8, for later: after a fill those
 * are hundreds of megabytes, however much was filled. A `last-resort` one gives them back, so that
 * what remains is what the engine holds.
 */
function memoryAfterGc(): Memory {
  const rssAfter = (flavor: "regular" | "last-resort"): number => {
    for (let i = 0; i < 3; i++) globalThis.gc?.({ type: "major", execution: "sync", flavor });
    return process.memoryUsage.rss();
  };
  const before = rssAfter("regular");
  const rssBytes = rssAfter("last-resort");
  const { heapUsed } = process.memoryUsage();
  return { rssBytes, heapBytes: heapUsed, reserveBytes: before - rssBytes };
}
