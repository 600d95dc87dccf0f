/** Waiting for a worker: is there one, does it know the code, and what is it busy with? */
import type { RunId } from "../ids.ts";
import { ago, duration } from "./duration.ts";
import type { Cure } from "./explanation.ts";
import { cure } from "./shell.ts";
import type { BusyWorker, Surroundings, Throttled } from "./surroundings.ts";

/** What is to be run, and where it is queued. */
export interface Wanted {
  readonly kind: "workflow" | "task";
  readonly name: string;
  readonly queue: string;
  readonly runId: RunId;
  /** The run is pinned to workers of this version. */
  readonly version?: string;
}

export interface NoWorker {
  readonly text: string;
  readonly cures: readonly Cure[];
}

export function noWorker(world: Surroundings, wanted: Wanted): NoWorker {
  const { kind, name, queue, version } = wanted;
  const look = cure("shows the workers that are there", "workers list");
  switch (world.serves(queue, name, kind, version)) {
    case "other-version":
      return noVersion(world, wanted);
    case "nobody":
      return {
        text: `no worker serves the queue "${queue}"${lost(world, queue)}${others(world, queue)}`,
        cures: [cure(`start a worker for the queue "${queue}" with the ${kind} "${name}"`), look],
      };
    case "unknown-name":
      return {
        text: `no worker of the queue "${queue}" has code for the ${kind} "${name}"`,
        cures: [cure(`start a worker that registers the ${kind} "${name}"`), look],
      };
    case "yes": {
      const held = kind === "task" ? world.throttled?.(queue, name) : undefined;
      if (held !== undefined) return throttled(queue, held);
      const busy = world.busy?.(queue, kind);
      if (busy?.length === 0) {
        const text = `a worker of the queue "${queue}" is about to take it`;
        return { text, cures: [cure("nothing is wrong: ask again in a moment"), look] };
      }
      return {
        text: `every worker of the queue "${queue}" is busy${busy ? ` (${busy.map(show).join("; ")})` : ""}`,
        cures: [cure("add workers or raise their slots; it goes on by itself"), look],
      };
    }
  }
}

function throttled(queue: string, held: Throttled): NoWorker {
  const look = cure("shows the workers and their queues", "workers list");
  if (held.by === "rate") {
    const { perSecond, nextMs } = held;
    return {
      text: `the queue "${queue}" is throttled to ${perSecond} a second; the next may start in ${duration(nextMs)}`,
      cures: [cure("nothing is wrong: its turn comes. Or raise the rate of the queue"), look],
    };
  }
  const { most, workers } = held;
  const on = workers === 1 ? "its worker" : `its ${workers} workers`;
  return {
    text: `the concurrency of the queue "${queue}" is used up: ${most} at a time on ${on}`,
    cures: [cure("add workers or raise the queue's concurrency; it goes on by itself"), look],
  };
}

/** A queue that somebody served until just now. */
function lost(world: Surroundings, queue: string): string {
  const last = world.lost?.(queue);
  return last === undefined ? "" : ` (the last one, ${last.worker}, was lost ${ago(last.agoMs)})`;
}

function noVersion(world: Surroundings, { queue, runId, version = "" }: Wanted): NoWorker {
  const versions = (world.versions?.(queue) ?? []).map(named);
  const there = versions.length === 0 ? "" : `; there are workers of ${versions.join(", ")}`;
  return {
    text: `it is pinned to the version "${version}", which no worker of the queue "${queue}" runs any more${there}`,
    cures: [
      cure("lets it go on with the version that workers run now", "runs repin", runId),
      cure(`or start a worker of the version "${version}" again`),
      cure("shows the open runs of each version", "workers versions"),
    ],
  };
}

/** A queue that nobody serves may be a slip of the pen. */
function others(world: Surroundings, queue: string): string {
  const served = (world.queues?.() ?? []).filter((name) => name !== queue);
  return served.length === 0 ? "" : `; there are workers for ${served.map(named).join(", ")}`;
}

function named(queue: string): string {
  return `"${queue}"`;
}

function show({ worker, slots, has }: BusyWorker): string {
  const rest = slots - has.length;
  return `${worker} has ${has.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
