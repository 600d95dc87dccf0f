/** Many durations, told by few numbers. */
import { percentile } from "./statistics.ts";

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Gathers durations while operations run. */
export class Latencies {
  readonly #ms: number[] = [];

  add(ms: number): void {
    this.#ms.push(ms);
  }

  /** What was gathered since the last time; undefined when that is nothing. */
  take(): Latency | undefined {
    return latencyOf(this.drain());
  }

  /** The same one by one, to be put together with others'. */
  drain(): number[] {
    return this.#ms.splice(0);
  }
}

export function latencyOf(all: readonly number[]): Latency | undefined {
  if (all.length === 0) return undefined;
  return { count: all.length, p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) };
}
