/** A worker's hold on a run's coroutine: what a lease number stands for. */
import type { RunEvent, RunId } from "@perdure/kernel";
import type { LiveRun } from "../streams/live.ts";
import type { Lease } from "../worker.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

export class Hold {
  readonly lease: Lease;
  readonly worker: RegisteredWorker;
  readonly live: LiveRun;
  /** What the holder before this one wrote ends here; the new one must not miss any of it. */
  readonly since: number;
  /** The journal is being read from the store. */
  isReading = false;
  /** The worker has the journal. */
  isActive = false;
  /** Durable events the worker has not been given: it has no journal yet, or the run is paused. */
  missed: RunEvent[] = [];
  /** The last event the worker was given. */
  delivered = 0;
  /** The code has seen everything it was given and waits. */
  isAtRest = false;
  /** May be taken away: the code is at rest, or the run is paused. */
  isParked = false;
  /** The code is not in the middle of anything, though it is not at rest. */
  isIdle = false;
  /** The code could not be run; its answers count no more. */
  hasFailed = false;
  /** Its code has ended the run; the end is on its way to disk. */
  isOver = false;
  /** The run was told that it stays with this worker's version. */
  isPinned = false;
  /** The worker has given it back. */
  isGone = false;

  constructor(lease: Lease, worker: RegisteredWorker, live: LiveRun) {
    this.lease = lease;
    this.worker = worker;
    this.live = live;
    this.since = live.run.seq;
  }

  get runId(): RunId {
    return this.live.runId;
  }
}
