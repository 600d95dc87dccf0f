/**
 * The port between the engine and whatever runs user code: the in-process worker of the SDK, a
 * stream, an HTTP push, or a foreign protocol's driver.
 *
 * ## How a run's code is driven
 *
 * `activate` hands a worker the whole journal of a run and a *lease*, a number that names this
 * hold on the run. From then on the worker keeps the run's coroutine (it is *sticky*) and the
 * engine `deliver`s each later event, once, in order, after it is durable. The worker `answer`s
 * with commands whenever it has some, and says `through` when the code has seen everything up to
 * that event and waits. `evict` ends the hold; an answer under an ended lease changes nothing.
 *
 * W1  Events reach a worker only after they are durable, contiguous in `seq`.
 * W2  At most one lease per run can write.
 * W3  The events that come of a worker's own commands are delivered to it like all others: a step's
 *     `step.completed` coming back is what says that it is on disk.
 */
import type {
  ActivationAnswer,
  Payload,
  RunEvent,
  RunId,
  RunSpec,
  StepResult,
  StepToken,
  TaskSpec,
  Failure,
} from "@perdure/kernel";

export type Lease = number;

export interface Activation {
  readonly runId: RunId;
  readonly lease: Lease;
  readonly spec: RunSpec;
  /** The journal from seq 1. The engine goes on appending to it: who keeps it keeps a copy. */
  readonly events: readonly RunEvent[];
  /** The code has answered for events up to here before; it need not say so again. 0: none. */
  readonly through: number;
  /**
   * The journal's last seq when an earlier hold on this run was lost while the code was busy;
   * 0: none was. A local step that is begun before any event after this one may have run already,
   * and its attempt says `maybeRan`.
   */
  readonly lostAt: number;
}

export interface ClaimedTask {
  readonly token: StepToken;
  readonly spec: TaskSpec;
  readonly namespace: string;
  readonly workflow: string;
  readonly maybeRan: boolean;
  /** Of the last attempt that sent any. */
  readonly heartbeatDetails?: Payload;
  /** Of the run: who traces finds the context there. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface UpdateRequest {
  readonly id: string;
  readonly name: string;
  readonly payload: Payload;
}

/** What the engine calls. No method may throw; none may block. */
export interface Worker {
  readonly id: string;
  activate(activation: Activation): void;
  /**
   * It will most likely be given this run in a moment, when what makes the run go on is on disk: time
   * to get ready, as long as none of the run's code begins. A run that is foreseen may never come.
   */
  foresee?(runId: RunId, spec: RunSpec): void;
  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void;
  evict(runId: RunId, lease: Lease): void;
  /** It was silent for longer than its lease, and the engine has given it up: register anew. */
  closed?(): void;
  runTask(task: ClaimedTask): void;
  /** The local step that the run's code is in, and since when (ms since epoch), if it can say. */
  doing?(runId: RunId): { readonly key: string; readonly since: number } | undefined;
  /** The run's code waits, its worker knows for which signals, and no operation of the run says so. */
  awaits?(
    runId: RunId,
  ): { readonly signals: readonly string[]; readonly since: number } | undefined;
  /** The run no longer wants this attempt. The worker still reports how it ended. */
  cancelTask(token: StepToken): void;
  /** Answers from the coroutine's state as it stands after the delivered events; writes nothing. */
  query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload>;
  /**
   * Validates and, when valid, sends `update.accept` in an answer of its own; resolves when that
   * is sent, rejects with a PerdureError `update-rejected` when the update is refused.
   */
  update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void>;
}

/** A task queue that a worker serves, with the names it has code for. `*` in a list: any name. */
export interface ServedQueue {
  readonly name: string;
  readonly workflows: readonly string[];
  readonly tasks: readonly string[];
  /** Remote steps of this queue at a time on this worker; activations are not counted. */
  readonly concurrency?: number;
  /** Of remote steps, over all workers of this node; the strictest of theirs holds. */
  readonly rate?: QueueRate;
  /** Among the queues of this worker: higher first, whatever its work's priorities. Default: 0. */
  readonly priority?: number;
}

/** How often attempts of a queue's remote steps may start. Activations are not limited. */
export interface QueueRate {
  readonly perSecond: number;
  /** So many at once after a pause. Default: `perSecond`, at least 1. */
  readonly burst?: number;
}

export interface WorkerOptions {
  /** The wall: it is given runs and tasks of this namespace only. */
  readonly namespace: string;
  readonly queues: readonly ServedQueue[];
  /** Remote steps at a time. */
  readonly taskSlots: number;
  /**
   * Coroutines kept at a time. One that has ended its run needs no slot while the end is written; so
   * there may be as many of those beside them.
   */
  readonly runSlots: number;
  /** Without a sign of life for so long the worker counts as lost; 0: never (same process). */
  readonly leaseMs: number;
  /** The build of its code. */
  readonly version?: string;
  /**
   * `pin`: a run stays with the version of the worker that is the first to do any of it. `pinned`: it is given runs
   * that are pinned to its version already, and no others. Default: `move`.
   */
  readonly versioning?: "move" | "pin" | "pinned";
  /** Shown to people: host, process, address. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a registered worker calls. */
export interface WorkerSession {
  /**
   * `isIdle`, beside a failure: what failed was reaching the code, and no step of it is in progress.
   * So the next holder has no doubt about what may have run.
   */
  answer(runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle?: boolean): void;
  /** Rejects with `stale` when the attempt is no longer this worker's. */
  beat(token: StepToken, details?: Payload): Promise<{ readonly cancelRequested: boolean }>;
  /** Resolves when the outcome is durable; rejects with `stale`. */
  result(token: StepToken, result: StepResult): Promise<void>;
  /**
   * Gives one hold back: the request or connection that had it is gone. Where the code was not at
   * rest, the next holder is told (`lostAt`). The run may come back at once: whoever expects the
   * next request to fail too waits before giving back.
   */
  release(runId: RunId, lease: Lease): void;
  /** The same for an attempt of a remote step: nobody knows whether it acted. */
  abandon(token: StepToken): void;
  /** A sign of life. */
  alive(): void;
  /** Takes no new work; resolves when what it holds is finished or handed back. */
  drain(): Promise<void>;
  /** Gives everything back at once. */
  close(): void;
}

export interface WorkerHost {
  register(worker: Worker, options: WorkerOptions): WorkerSession;
}

export type { Failure };
