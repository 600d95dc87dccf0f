/** What callers ask of an engine; the SDK's client and every front door stand on this. */
import type {
  ConflictPolicy,
  ErrorData,
  Explanation,
  Json,
  JsonObject,
  Journal,
  KeyMode,
  KeyRef,
  Outcome,
  OverlapPolicy,
  Payload,
  ReusePolicy,
  RunEvent,
  RunId,
  RunSpec,
  ScheduleSpec,
  ScheduleView,
  SignalBody,
  Trigger,
} from "@perdure/kernel";
import type { IndexRow, OpenRuns, Page, Query } from "@perdure/store";
import type { ServedQueue } from "./worker.ts";

/** A run, or whatever is the current run under a business key. */
export type Target = { readonly runId: RunId } | { readonly key: KeyRef };

export interface StartRequest {
  readonly namespace: string;
  readonly workflow: string;
  readonly input: Payload;
  readonly queue: string;
  readonly key?: KeyRef;
  /** Default: `single`. */
  readonly mode?: KeyMode;
  /** Default: `allow`. */
  readonly reuse?: ReusePolicy;
  /** Default: `useExisting`. */
  readonly conflict?: ConflictPolicy;
  /**
   * A second start with this id returns the first one's run, whatever the policies say. One of
   * `namingRequest` names the run (in the slot of its key, where it has one), and without key and
   * signal costs nothing more.
   */
  readonly requestId?: string;
  readonly signal?: SignalBody;
  readonly runTimeoutMs?: number;
  readonly startAt?: number;
  readonly attributes?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly priority?: number;
  readonly retentionMs?: number;
  /**
   * Whoever starts it waits for its end: where it can only wait for its turn under a busy key, the word
   * that it does may come a little later, with the next commit.
   */
  readonly isPatient?: boolean;
}

export interface Started {
  readonly runId: RunId;
  readonly existing: boolean;
}

/** One of many starts: the namespace is named once, for all of them. */
export type StartItem = Omit<StartRequest, "namespace" | "key"> & {
  readonly key?: Omit<KeyRef, "namespace">;
};

/** One that is refused does not keep the others out, so its error is data. */
export type StartResult = Started | { readonly error: ErrorData };

export interface ForkRequest {
  readonly runId: RunId;
  /** The last event the fork keeps. */
  readonly at: number;
  /** Results to put in place of recorded ones, by operation key. */
  readonly overrides?: Readonly<Record<string, Payload>>;
  readonly key?: KeyRef;
}

export interface RunView {
  readonly row: IndexRow;
  readonly spec: RunSpec;
  readonly seq: number;
  readonly outcome?: Outcome;
}

export interface ListPage {
  /** At most `limits.pageRows`; default 100. */
  readonly limit?: number;
  /** From the page before. */
  readonly cursor?: string;
}

export interface SchedulePage {
  readonly schedules: readonly ScheduleView[];
  /** Absent: there are no more. */
  readonly cursor?: string;
}

export interface WorkerView {
  readonly id: string;
  readonly queues: readonly ServedQueue[];
  readonly taskSlots: number;
  readonly runSlots: number;
  /** `draining`: finishes what it has. `lost`: it fell silent, and its work went to others. */
  readonly phase: "open" | "draining" | "lost";
  /** Coroutines and attempts of remote steps it has. */
  readonly holds: number;
  readonly tasks: number;
  /** Its last sign of life, and its registration; ms since epoch. */
  readonly seenAt: number;
  readonly registeredAt: number;
  /** When it was lost (ms since epoch), and how long it had been silent by then. */
  readonly lostAt?: number;
  readonly silentMs?: number;
  readonly version?: string;
  readonly versioning: "move" | "pin" | "pinned";
  readonly labels: Readonly<Record<string, string>>;
}

/** Every verb that takes a run id takes it first, every other one a namespace or what names one. */
export interface EngineClient {
  start(request: StartRequest): Promise<Started>;
  /**
   * Starts many runs at once; resolves when all of them are on disk or refused, with what became of
   * each, in their order. At most `limits.startManyRuns`, whose inputs and signals have at most
   * `limits.startManyBytes`: of more nothing is started, `limit-exceeded`.
   */
  startMany(namespace: string, items: readonly StartItem[]): Promise<readonly StartResult[]>;
  signal(target: Target, signal: SignalBody): Promise<void>;
  cancel(target: Target, reason?: string): Promise<void>;
  terminate(runId: RunId, reason?: string): Promise<void>;
  pause(runId: RunId, message?: string): Promise<void>;
  resume(runId: RunId): Promise<void>;
  /**
   * Forgets a closed run now, whatever its retention; resolves when its journal is gone. `conflict`:
   * it is open.
   */
  purge(runId: RunId): Promise<void>;
  /** Only workers of this version run its code from now on; absent: workers of any version. */
  repin(runId: RunId, version?: string): Promise<void>;
  fork(request: ForkRequest): Promise<Started>;
  /**
   * Takes over a run as it was exported, into this namespace, under its id: it lies here if it is
   * over, and goes on here if it is open. `existing`: it is here already. `conflict`: another run
   * has its id or, if it is open, its key. Nothing of what is refused is written.
   */
  importRun(namespace: string, journal: Journal): Promise<Started>;
  /** Waits for the end of the run, following continue-as-new. */
  outcome(runId: RunId): Promise<Outcome>;
  query(target: Target, name: string, input: Payload): Promise<Payload>;
  /** Resolves with the handler's output; `id` makes a repeated call the same update. */
  update(target: Target, name: string, input: Payload, id?: string): Promise<Payload | undefined>;
  /** The current run under a key, if there is one. */
  lookup(key: KeyRef): Promise<RunId | undefined>;
  describe(runId: RunId): Promise<RunView>;
  journal(runId: RunId, from?: number, limit?: number): Promise<readonly RunEvent[]>;
  /** Calls for every event from now on, after it is durable; the result stops. */
  watch(runId: RunId, listener: (events: readonly RunEvent[]) => void): () => void;
  /** Also of a start that has no run yet. Answers while the store refuses, too. */
  why(runId: RunId): Promise<Explanation>;
  /** Who holds a business key, and what that run waits for. */
  whyKey(key: KeyRef): Promise<Explanation>;
  whySchedule(namespace: string, id: string): Promise<Explanation>;
  /** Registered on this node, and those it has lost of late. */
  workers(namespace: string): Promise<readonly WorkerView[]>;
  /** Open runs by the version of their code. */
  versions(namespace: string): Promise<readonly OpenRuns[]>;
  list(query: Query): Promise<Page>;
  count(query: Omit<Query, "limit" | "cursor">): Promise<number>;
  publish(
    namespace: string,
    event: string,
    body: { readonly id?: string; readonly payload: Payload; readonly data?: JsonObject },
  ): Promise<void>;
  setTrigger(namespace: string, event: string, trigger: Trigger): Promise<void>;
  removeTrigger(namespace: string, event: string, id: string): Promise<void>;
  putSchedule(spec: ScheduleSpec): Promise<void>;
  deleteSchedule(namespace: string, id: string): Promise<void>;
  pauseSchedule(namespace: string, id: string, note?: string): Promise<void>;
  resumeSchedule(namespace: string, id: string, note?: string): Promise<void>;
  triggerSchedule(namespace: string, id: string, overlap?: OverlapPolicy): Promise<void>;
  backfillSchedule(
    namespace: string,
    id: string,
    from: number,
    to: number,
    overlap?: OverlapPolicy,
  ): Promise<void>;
  describeSchedule(namespace: string, id: string): Promise<ScheduleView>;
  /** By id, a page at a time; deleted ones are not shown, so that a page may be a short one. */
  listSchedules(namespace: string, page?: ListPage): Promise<SchedulePage>;
}

export type { Json };
