/** The engine: takes a store, runs what is in it, and serves clients and workers. */
import { PerdureError, type KeyRef, type RunId, type StoreTrouble } from "@perdure/kernel";
import { assemble, type Assembly } from "./assembly.ts";
import type { EngineClient } from "./client.ts";
import { controlVerbs } from "./client/control.ts";
import type { Desk } from "./client/desk.ts";
import { busVerbs, scheduleVerbs } from "./client/events.ts";
import { keyedStateVerbs, type KeyedStateVerbs } from "./client/keyed-state.ts";
import { keyVerbs, type KeyVerbs } from "./client/keys.ts";
import { importVerbs } from "./client/import.ts";
import { readVerbs } from "./client/read.ts";
import { scheduleReadVerbs } from "./client/schedules.ts";
import { startVerbs } from "./client/start.ts";
import { talkVerbs } from "./client/talk.ts";
import { homeOf, keyOfRun, whyVerbs } from "./client/why.ts";
import { workerVerbs } from "./client/workers.ts";
import { drawHex } from "./core/draw.ts";
import { OwnedTimers } from "./core/owned-timers.ts";
import { defaultTuning, type EngineOptions } from "./core/options.ts";
import type { EngineStats, RefusedPartitions } from "./core/stats.ts";
import type { Env } from "./env.ts";
import { LiveRun } from "./streams/live.ts";
import { reportAlone, type ClusterReport } from "./nodes/cluster-view.ts";
import { openFront, type Doors } from "./nodes/front.ts";
import { termsOf } from "./nodes/node-options.ts";
import { checkCompany } from "./nodes/solitude.ts";
import { awayError } from "./streams/loader.ts";
import type { WorkerHost } from "./worker.ts";

export interface Engine extends EngineClient, WorkerHost {
  readonly partitions: number;
  stats(): EngineStats;
  /** The same engine, with the name of whoever asks for the journal of what is asked. */
  as(by: string): EngineClient;
  /** The state under keys; whoever has the engine may reach any namespace. */
  readonly keyedState: KeyedStateVerbs;
  /** What lives under keys, as people look at it. */
  readonly keys: KeyVerbs;
  /** Of a run, or of a start that waits for its turn; undefined: there is none. */
  namespaceOf(runId: RunId): Promise<string | undefined>;
  /** The business key of a run, or of a start that waits for its turn. */
  keyOf(runId: RunId): Promise<KeyRef | undefined>;
  /**
   * Whether what lives under the key is at this node now. Of several nodes at most one says so, but
   * for a moment while it moves: what is to be done at one of them can be done there.
   */
  isHere(key: KeyRef): boolean;
  /** The nodes that share the store, and who has which partition. */
  cluster(): Promise<ClusterReport>;
  /**
   * Takes no new runs, lets workers finish what they hold (for at most `tuning.drainMs`), writes
   * what is decided, and closes the store. Open runs go on when the store is opened again.
   */
  close(): Promise<void>;
}

type Phase = EngineStats["phase"];

export const Engine: {
  /**
   * Takes every partition of the store, fencing whoever had them, and goes on with what is open.
   *
   * @example
   * const engine = await Engine.open({ store, env: systemEnv(), calendar: createCalendar() });
   * const { runId } = await engine.start({ namespace: "default", workflow: "greet", queue: "main", input });
   * const outcome = await engine.outcome(runId);
   */
  open(options: EngineOptions): Promise<Engine>;
} = {
  async open(options) {
    const { store, calendar, onStop } = options;
    const timers = new OwnedTimers(options.env);
    const env = timers.world();
    const tuning = { ...defaultTuning, ...options.tuning };
    let phase: Phase = "running";
    let stopped: { readonly since: number; readonly reason: Error } | undefined;
    const stop = (reason: Error): void => {
      if (phase === "stopped") return;
      phase = "stopped";
      stopped = { since: env.now(), reason };
      env.log("error", `the engine stops: ${reason.message}`, { error: reason });
      front?.stop();
      halt(parts, stoppedError(reason));
      timers.stop();
      onStop?.(reason);
    };
    const drawId = (): string => drawHex(env, 4);
    const node = options.node && termsOf(options.node, drawId);
    const self = node?.id ?? drawId();
    const parts = assemble({ store, env, calendar, tuning, node, self, stop });
    const trouble = (): StoreTrouble | undefined => troubleOf(parts, stopped);
    const desk = deskOf({ ...options, env }, parts, () => phase, trouble);
    const own = (by?: string): EngineClient => verbsOf(desk, by);
    const front = parts.cluster && openFront(desk, parts.cluster, own);
    const doors = front?.doors ?? doorsAlone(desk, own);
    try {
      if (node !== undefined) await checkCompany(store, env, node);
      await (parts.cluster ? parts.cluster.start() : parts.recovery.openAll());
    } catch (error) {
      front?.stop();
      halt(parts, closedError());
      timers.stop();
      throw error;
    }
    parts.retention.start();
    const close = once(async () => {
      if (phase === "running") {
        phase = "closing";
        await drain(parts, options, tuning.drainMs);
        phase = "stopped";
        front?.stop();
        halt(parts, closedError());
        timers.stop();
      }
      await store.close();
    });
    return {
      partitions: store.partitions,
      register: (worker, workerOptions) => parts.registry.register(worker, workerOptions),
      stats: () => gauge(parts, phase),
      close,
      ...doors,
      ...doors.as(),
    };
  },
};

/** Where callers meet an engine that has the store for itself. */
function doorsAlone(desk: Desk, own: (by?: string) => EngineClient): Doors {
  return {
    as: own,
    keyedState: keyedStateVerbs(desk),
    keys: keyVerbs(desk),
    namespaceOf: (runId) => homeOf(desk, runId),
    keyOf: (runId) => keyOfRun(desk, runId),
    cluster: async () => reportAlone(desk),
    isHere: () => true,
  };
}

function verbsOf(desk: Desk, by?: string): EngineClient {
  return {
    ...startVerbs(desk, by),
    ...importVerbs(desk),
    ...controlVerbs(desk, by),
    ...talkVerbs(desk),
    ...readVerbs(desk),
    ...whyVerbs(desk),
    ...workerVerbs(desk),
    ...busVerbs(desk),
    ...scheduleVerbs(desk, by),
    ...scheduleReadVerbs(desk),
  };
}

function deskOf(
  { env, store, calendar }: EngineOptions,
  parts: Assembly,
  phase: () => Phase,
  trouble: Desk["trouble"],
): Desk {
  const checkOpen = (): void => {
    if (phase() !== "stopped") return parts.cluster?.checkLease();
    // A node that has stopped has none of its partitions: that is not why it stopped.
    const lost = parts.cluster
      ? undefined
      : parts.partitions.find((partition) => partition.phase === "elsewhere");
    const cause = trouble();
    const isBroken = cause?.isStopped === true;
    throw (lost && awayError(lost)) ?? closedError(isBroken ? cause.reason : undefined);
  };
  return {
    ...parts,
    env,
    store,
    calendar,
    checkOpen,
    checkStarts: () => {
      checkOpen();
      if (phase() === "closing") throw parts.cluster ? leavingError() : closingError();
    },
    trouble,
  };
}

/** Workers finish and leave; what they have answered is written. */
async function drain(parts: Assembly, { env }: EngineOptions, drainMs: number): Promise<void> {
  const { registry, pump, tidy, cluster } = parts;
  const workers = [...registry.workers];
  const drained = Promise.all(workers.map((worker) => registry.drain(worker)));
  const left = cluster?.leave();
  await within(env, drainMs, Promise.all([drained, left]));
  registry.stop();
  // What the last answers led to; a database that does not answer is not waited for.
  const written = pump.barrierWhen(() => pump.isQuiet).catch(() => undefined);
  await within(
    env,
    drainMs,
    written.then(() => tidy.flush().catch(() => undefined)),
  );
}

async function within(env: Env, ms: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = env.after(ms, late.resolve);
  await Promise.race([work, late.promise]);
  cancel();
}

function halt(parts: Assembly, error: PerdureError): void {
  parts.cluster?.halt();
  parts.pump.stop(error);
  parts.alarms.stop();
  parts.retention.stop();
  parts.tidy.stop();
  parts.registry.stop();
  parts.requests.failAll(error);
  parts.listeners.failAll(error);
  parts.loader.failAll(error);
  for (const { lives } of parts.partitions) {
    parts.calls.stop(
      [...lives.values()].filter((live) => live instanceof LiveRun),
      error,
    );
  }
}

/** A store that refuses is told of from its first refusal on, also when the engine gave up for it. */
function troubleOf(
  { pump }: Assembly,
  stopped: { readonly since: number; readonly reason: Error } | undefined,
): StoreTrouble | undefined {
  const { refused } = pump;
  if (refused) return { ...refused, isStopped: stopped !== undefined };
  if (!stopped) return undefined;
  const { since, reason } = stopped;
  const { message } = reason;
  return { since, lastAt: since, reason: message, refusals: 0, isTaking: false, isStopped: true };
}

function gauge(parts: Assembly, phase: Phase): EngineStats {
  const { partitions, pump, mail, alarms, requests, registry, matcher, tasks } = parts;
  const workers = [...registry.workers];
  return {
    ...parts.stats,
    phase,
    partitions: partitions.length,
    databases: 1 + Math.max(...partitions.map(({ database }) => database)),
    partitionsOpen: partitions.filter(({ isOpen }) => isOpen).length,
    ...(parts.cluster === undefined ? {} : { node: parts.cluster.standing }),
    queued: mail.queued,
    commitsInFlight: pump.commitsInFlight,
    liveStreams: partitions.reduce((sum, { lives }) => sum + lives.size, 0),
    alarms: alarms.size,
    requests: requests.size,
    workers: registry.size,
    holds: workers.reduce((sum, { holds }) => sum + holds.size, 0),
    runsWaiting: matcher.waiting("workflow"),
    tasksWaiting: matcher.waiting("task"),
    tasksRunning: tasks.running,
    get queues() {
      return matcher.queueStats();
    },
    ...(pump.refused === undefined ? {} : { storeTrouble: pump.refused }),
    ...refusedOf(partitions),
  };
}

function refusedOf(partitions: Assembly["partitions"]): { readonly refused?: RefusedPartitions } {
  const refused = partitions.filter(({ refusal }) => refusal !== undefined);
  const refusals = refused.flatMap(({ refusal }) => refusal ?? []);
  const [first] = refusals.toSorted((a, b) => a.since - b.since);
  if (first === undefined) return {};
  const { since, reason } = first;
  const numbers = refused.map(({ number }) => number);
  return { refused: { partitions: numbers, since, reason: reason.message } };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}

function closedError(reason?: string): PerdureError {
  const text =
    reason === undefined
      ? "The engine is closed: open it again."
      : `The engine has stopped (${reason}): cure the cause and open it again.`;
  return new PerdureError("closed", text);
}

function closingError(): PerdureError {
  return new PerdureError("unavailable", "The engine is closing and takes no new runs: try later.");
}

/** Nothing of the call was done. */
function leavingError(): PerdureError {
  return new PerdureError("fenced", "This node leaves and takes no new runs: ask another.");
}

function stoppedError(cause: Error): PerdureError {
  const text = `The engine has stopped (${cause.message}): cure the cause and open it again.`;
  return new PerdureError("unavailable", text, { cause });
}
