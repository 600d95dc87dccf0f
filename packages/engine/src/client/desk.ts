/** What the client's verbs stand on. */
import {
  invariant,
  isRunId,
  keyStream,
  partitionOf,
  partsOf,
  pendingStart,
  PerdureError,
  runStream,
  slotOf,
  slotOfRun,
  type Calendar,
  type KeyRef,
  type KeyState,
  type RunId,
  type StreamId,
  type StoreTrouble,
} from "@perdure/kernel";
import type { Store } from "@perdure/store";
import type { Mail } from "../commit/mail.ts";
import type { Pump } from "../commit/pump.ts";
import type { Env } from "../env.ts";
import type { Target } from "../client.ts";
import { LiveRun, type Live } from "../streams/live.ts";
import type { Loader } from "../streams/loader.ts";
import type { Partition } from "../streams/partition.ts";
import type { Retention } from "../streams/retention.ts";
import type { Tidy } from "../streams/tidy.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Calls } from "../workers/calls.ts";
import type { Matcher } from "../workers/matcher.ts";
import type { Registry } from "../workers/registry.ts";
import type { Listeners } from "./listeners.ts";

export interface Desk {
  readonly env: Env;
  readonly store: Store;
  readonly mail: Mail;
  readonly loader: Loader;
  readonly pump: Pump;
  readonly calls: Calls;
  readonly tidy: Tidy;
  readonly retention: Retention;
  readonly registry: Registry;
  readonly alarms: Alarms;
  readonly listeners: Listeners;
  readonly calendar: Calendar;
  /** Throws when the engine takes nothing more. */
  readonly checkOpen: () => void;
  /** Throws when the engine takes no new runs. */
  readonly checkStarts: () => void;
  readonly matcher: Matcher;
  readonly partitions: readonly Partition[];
  /** The store refuses to write, or the engine has stopped by itself. */
  readonly trouble: () => StoreTrouble | undefined;
}

/** The run, in memory; `not-found` when there is none. */
export async function findRun(desk: Desk, runId: RunId): Promise<LiveRun> {
  desk.checkOpen();
  checkRunId(runId);
  const live = await arrived(desk, runId);
  if (live.run.spec === undefined) throw unknownRun(runId);
  return live;
}

/**
 * The run, known or not, when what its own partition has sent it has come: it may be promised with
 * the end of the one before (continue-as-new), and its start be on its way.
 */
export async function arrived(desk: Desk, runId: RunId): Promise<LiveRun> {
  const { pump, partitions } = desk;
  const live = await loadRun(desk, runId);
  if (live.run.spec !== undefined) return live;
  const home = partitions[live.home];
  const own = home?.incoming.find(({ from }) => from === home.number);
  if (home === undefined || own === undefined || own.isDrained) return live;
  const { sent } = own;
  await pump.barrierWhen(() => own.applied >= sent || !home.isOpen, home.number);
  return loadRun(desk, runId);
}

async function loadRun({ loader }: Desk, runId: RunId): Promise<LiveRun> {
  const live = await loader.get(runStream(runId));
  invariant(live instanceof LiveRun, "a run's stream has another machine");
  return live;
}

/** The run, and all that is known of it is durable. */
export async function findDurableRun(desk: Desk, runId: RunId): Promise<LiveRun> {
  const live = await findRun(desk, runId);
  if (live.durable === live.run.seq) return live;
  await desk.pump.barrier(live.home);
  return findDurableRun(desk, runId);
}

/** The stream as its owner has it where that is this node, and as it is on disk otherwise. */
export function lookAnywhere(desk: Desk, stream: StreamId): Promise<Live> {
  return isElsewhere(desk, stream) ? desk.loader.peek(stream) : desk.loader.get(stream);
}

/** Another engine has it, or nobody. */
export function isElsewhere({ partitions }: Desk, stream: StreamId): boolean {
  return partitions[partitionOf(stream, partitions.length)]?.phase === "elsewhere";
}

/** Of a run, or of a start that waits for its turn; undefined: there is none. */
export async function namespaceOf(desk: Desk, runId: RunId): Promise<string | undefined> {
  desk.checkOpen();
  checkRunId(runId);
  const { spec } = (await arrived(desk, runId)).run;
  return spec?.namespace ?? queuedIn(desk, runId);
}

/** The namespace of a start that waits for its turn, also of one that another process was asked for. */
export function queuedIn(desk: Desk, runId: RunId): string | undefined {
  const expected = desk.listeners.expectedIn(runId);
  if (expected !== undefined) return expected;
  const key = keyInMemory(desk, runId);
  if (key !== undefined) desk.listeners.expect(runId, key.namespace);
  return key?.namespace;
}

/** The key in whose inbox a start waits, among those in memory that have the id's slot. */
export function keyInMemory({ partitions }: Desk, runId: RunId): KeyRef | undefined {
  const slot = slotOfRun(runId);
  for (const [stream, live] of partitions[slot % partitions.length]?.lives ?? []) {
    if (!stream.startsWith("key/") || slotOf(stream) !== slot) continue;
    if (pendingStart(live.state as KeyState, runId)) return refOf(stream);
  }
  return undefined;
}

export function refOf(stream: StreamId): KeyRef {
  const [namespace = "", kind = "", id = ""] = partsOf(stream);
  return { namespace, kind, id };
}

export async function currentRun(desk: Desk, key: KeyRef): Promise<RunId | undefined> {
  desk.checkOpen();
  const live = await desk.loader.get(keyStream(key));
  const { current } = live.state as KeyState;
  if (live.durable !== live.state.seq) await desk.pump.barrier(live.home);
  return current?.runId;
}

export async function runOf(desk: Desk, target: Target): Promise<RunId> {
  if ("runId" in target) return target.runId;
  const runId = await currentRun(desk, target.key);
  if (runId !== undefined) return runId;
  throw new PerdureError(
    "not-found",
    `No run has the key ${target.key.kind} "${target.key.id}" in ${target.key.namespace}: ` +
      `check the id, or start one.`,
  );
}

export function checkRunId(runId: string): void {
  if (isRunId(runId)) return;
  const text = `"${runId.slice(0, 80)}" is not a run id: take it from start() or a list.`;
  throw new PerdureError("invalid-argument", text);
}

export function unknownRun(runId: RunId): PerdureError {
  return new PerdureError(
    "not-found",
    `There is no run ${runId}: check the id with a list; a start that waits for its key's turn ` +
      `has no run yet.`,
  );
}
