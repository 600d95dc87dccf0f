import { limits } from "@perdure/kernel";
import type { Calendar } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { NodeOptions } from "../nodes/node-options.ts";

/** What may be tuned; the defaults suit one node on one disk. Durations in ms. */
export interface Tuning {
  /**
   * Batches on their way to disk at a time: one is written while the next is computed. Of several
   * databases each has one.
   */
  readonly commitsInFlight: number;
  /** Streams kept in memory; above it the coldest are settled. */
  readonly liveStreams: number;
  /** A stream that nothing has touched for so long is settled. */
  readonly idleMs: number;
  /** Index rows and settled streams trail by at most this. */
  readonly tidyMs: number;
  /** A query, and an update until it is accepted, waits so long for a worker. */
  readonly callTimeoutMs: number;
  /** Closed runs are kept this long unless their spec says otherwise. */
  readonly retentionMs: number;
  /** Closed runs past their retention are looked for at least this far apart. */
  readonly pruneEveryMs: number;
  /** How long `close` waits for workers to finish what they hold. */
  readonly drainMs: number;
  /** Commits refused in a row before the engine gives up. */
  readonly refusalsToStop: number;
}

export const defaultTuning: Tuning = {
  commitsInFlight: 2,
  liveStreams: limits.liveStreams,
  idleMs: 60_000,
  tidyMs: 80,
  callTimeoutMs: 10_000,
  retentionMs: 7 * 24 * 3_600_000,
  pruneEveryMs: 60_000,
  drainMs: 10_000,
  refusalsToStop: 8,
};

export interface EngineOptions {
  readonly store: Store;
  readonly env: Env;
  readonly calendar: Calendar;
  readonly tuning?: Partial<Tuning>;
  /** One engine among several on the same store; absent: it takes all of it for itself. */
  readonly node?: NodeOptions;
  /** The engine has stopped by itself: the store refuses to work, or an invariant is broken. */
  readonly onStop?: (reason: Error) => void;
}
