/**
 * What is measured against each other: engines behind one interface. A contender's module exports
 * `contender`; it is loaded by `contender-process.ts` in a process of its own, which the harness
 * starts afresh for each turn: all sizes of one workload, over one folder:
 *
 *     hello → open(place) → (prepare(workload) → run(phase, budget)…)… → close
 *
 * The harness reads CPU and memory of `processes()` from outside, around each `run`.
 */
import type { Latency } from "./latency.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

export interface Contender {
  /** Asked before anything is opened, so that a missing program is reported, not stumbled over. */
  hello(): Hello | Promise<Hello>;
  /** Starts the engine with all its processes. The folder holds an earlier life's data, or nothing. */
  open(place: Place): Promise<Opened>;
}

export interface Hello {
  /** As in the table and in `--contenders`: kebab-case. */
  readonly name: string;
  /** Of everything that takes part, by name: `{ "@dbos-inc/dbos-sdk": "4.2.0", postgres: "15.18" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** In words, what has happened when an operation is acknowledged: "WAL, synchronous=FULL". */
  readonly durability: string;
  /** In words, what was set otherwise than by default, and what a reader must know. */
  readonly settings: string;
  /** `true`, or why it is not measured: "has no keyed objects". */
  readonly workloads: Readonly<Record<WorkloadKind, true | string>>;
  /** The command that installs what is missing on this machine. Nothing is measured then. */
  readonly missing?: string;
}

export interface Place {
  /** Absolute, on the disk that is measured; the harness makes and removes it. */
  readonly folder: string;
}

export interface Opened {
  /**
   * What is needed to be ready (tables, queues, workers) is made here. Called again for the next size
   * of the same kind, when the one before has ended; once, where there is only one size of it in a
   * process: jobs, growth and the long run.
   */
  prepare(workload: Workload): Promise<Prepared>;
  /**
   * The processes whose CPU and memory count, by what they are: this one, a server, a worker, the
   * root of a database's process tree. A process that is not named counts with its nearest
   * ancestor that is; one below none of them does not count.
   */
  processes(): readonly NamedProcess[];
  /** Everything on disk that the engine keeps: files with their logs, or the database's own figure. */
  storeBytes(): Promise<number>;
  /** What its PostgreSQL has done so far, where it has one; the harness takes differences. */
  database?(): Promise<DatabaseCounters>;
  /** Of the process that holds the engine's state, after its garbage is collected. For (h). */
  memory?(): Promise<Memory>;
  /** Ends every process that `open` started. */
  close(): Promise<void>;
}

export interface NamedProcess {
  /** "engine", "worker", "driver", "postgres", "redis" … */
  readonly name: string;
  readonly pid: number;
}

export interface DatabaseCounters {
  /** Transactions that have written: each is a sync, or a share of one. Subtransactions count too. */
  readonly commits: number;
  /** As the client sends them, `BEGIN` and `COMMIT` included. */
  readonly statements: number;
  /** The log ahead of the tables, pages written whole after a checkpoint included. */
  readonly walBytes: number;
}

export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** What the process held beyond `rssBytes` until its runtime was told to give back what it can. */
  readonly reserveBytes: number;
}

export interface Prepared {
  /**
   * Does one of the workload's phases (`phasesOf`). Also called with the phase `warm-up`, for less
   * than a second of the phase `run` that is not counted. Throws when a result is not what it must be.
   */
  run(phase: string, budget: Budget): Promise<Figures>;
}

/** For phases that go on until told; the others do all there is. */
export interface Budget {
  /** No operation begins after them; those begun are awaited, within reason (`lanes.ts`). */
  readonly seconds: number;
  /** So many in flight at most, whatever the workload says. For warming up. */
  readonly lanes?: number;
}

export interface Figures {
  /** In the workload's unit. */
  readonly operations: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  readonly latency?: Latency;
  /** Begun, but too slow to be waited for: they are not in `operations`. The process is given up. */
  readonly unfinished?: number;
}
