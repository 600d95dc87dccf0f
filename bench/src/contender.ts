/**
 * What is measured against each other: engines behind one interface. A contender's module exports
 * `contender`; it is loaded by `contender-process.ts` in a process of its own, which the harness
 * starts afresh for each measurement:
 *
 *     hello → open(place) → prepare(workload) → run(phase, budget)… → close
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
  /** Once per process. What is needed to be ready (tables, queues, workers) is made here. */
  prepare(workload: Workload): Promise<Prepared>;
  /**
   * The processes whose CPU and memory count, by what they are: this one, a server, a worker, the
   * root of a database's process tree. A process that is not named counts with its nearest
   * ancestor that is; one below none of them does not count.
   */
  processes(): readonly NamedProcess[];
  /** Everything on disk that the engine keeps: files with their logs, or the database's own figure. */
  storeBytes(): Promise<number>;
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

export interface Memory {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

export interface Prepared {
  /**
   * Does one of the workload's phases (`phasesOf`). Also called with the phase `warm-up`, for half a
   * second of the phase `run` that is not counted. Throws when a result is not what it must be.
   */
  run(phase: string, budget: Budget): Promise<Figures>;
}

/** `seconds` for phases that go on until told (all operations begun are awaited); else all there is. */
export interface Budget {
  readonly seconds: number;
}

export interface Figures {
  /** In the workload's unit. */
  readonly operations: number;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  readonly latency?: Latency;
}
