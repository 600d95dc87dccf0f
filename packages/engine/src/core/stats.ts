/** Counters for `doctor`, metrics and the bench; monotone unless said otherwise. */
import type { Refusals } from "../commit/pump.ts";
import type { QueueStats } from "../workers/queue-stats.ts";

export interface Stats {
  batches: number;
  commits: number;
  events: number;
  bytes: number;
  messages: number;
  failedCommits: number;
  unknownCommits: number;
  /** Sum over commits of the ms from hand-over to answer; the longest of them. */
  commitMs: number;
  longestCommitMs: number;
  loads: number;
  settled: number;
  activations: number;
  tasks: number;
}

export function newStats(): Stats {
  return {
    batches: 0,
    commits: 0,
    events: 0,
    bytes: 0,
    messages: 0,
    failedCommits: 0,
    unknownCommits: 0,
    commitMs: 0,
    longestCommitMs: 0,
    loads: 0,
    settled: 0,
    activations: 0,
    tasks: 0,
  };
}

/** A node among others, by what it knows itself. */
export interface ClusterStanding {
  /** That live, this one included. */
  readonly nodes: number;
  /** Of the others, those that it can talk to. */
  readonly peers: number;
  /** Since the store took its last sign of life. */
  readonly beatAgeMs: number;
  readonly isWithinLease: boolean;
  /** Partitions that are here, or at a node that it can talk to. */
  readonly partitionsReached: number;
}

/** Partitions that are not opened, for their database stands at an earlier moment than another. */
export interface RefusedPartitions {
  readonly partitions: readonly number[];
  /** Ms since epoch, of the first. */
  readonly since: number;
  /** Of the first, with what to do. */
  readonly reason: string;
}

/** What is there now, beside the counters. */
export interface Gauges {
  readonly phase: "running" | "closing" | "stopped";
  readonly partitions: number;
  /** Those that are here. */
  readonly partitionsOpen: number;
  /** Over which the partitions are spread. */
  readonly databases: number;
  /** Of one node among several. */
  readonly node?: ClusterStanding;
  readonly queued: number;
  readonly commitsInFlight: number;
  readonly liveStreams: number;
  readonly alarms: number;
  readonly requests: number;
  readonly workers: number;
  readonly holds: number;
  readonly runsWaiting: number;
  readonly tasksWaiting: number;
  readonly tasksRunning: number;
  /** Counted when it is read; at most `limits.queueStats` and a sum of the others. */
  readonly queues: readonly QueueStats[];
  /** Commits that the store has refused of late. */
  readonly storeTrouble?: Refusals;
  readonly refused?: RefusedPartitions;
}

export type EngineStats = Readonly<Stats> & Gauges;
