/**
 * What a node does at its own partitions: for its own callers, and for those of other nodes. It is
 * what clients ask, in pieces that end soon and are plain data, so that they can cross.
 *
 * N1  A call about a partition that is not here is refused with `fenced`, and nothing of it is done.
 * N2  An answer about a run or a key tells only what is durable.
 */
import {
  partitionOf,
  PerdureError,
  runStream,
  type KeyRef,
  type Outcome,
  type Payload,
  type RunEvent,
  type RunId,
} from "@perdure/kernel";
import type { EngineClient, RunView } from "../client.ts";
import type { Desk } from "../client/desk.ts";
import type { KeyedStateVerbs } from "../client/keyed-state.ts";
import type { KeyVerbs } from "../client/keys.ts";
import { endOf } from "../client/read.ts";
import { gauges, type PartitionGauge } from "./cluster-view.ts";
import type { Owners } from "./owners.ts";
import { homeOf, keyOfRun, keyOfStart } from "../client/why.ts";

/** A journal is handed over in pages of at most so many events, and about so many bytes. */
const PAGE_EVENTS = 500;
const PAGE_BYTES = 4_194_304;
/** Whoever follows a run where nothing happens asks again after so long. */
const FOLLOW_MS = 10_000;

/** Events past some seq; `seq`: the last that the caller has now. */
export interface Followed {
  readonly events: readonly RunEvent[];
  readonly seq: number;
  /** The run is closed, so nothing follows. */
  readonly isOver?: true;
}

/** These are put together from other verbs by whoever asks. */
type Composed = "outcome" | "watch" | "journal";

export interface NodeVerbs extends Omit<EngineClient, Composed> {
  /** How the run itself ended: whoever asks follows continue-as-new. Waits for it. */
  ending(runId: RunId): Promise<Outcome>;
  /** The next events after `seq`, if there are any yet; without it: where the run stands. */
  follow(runId: RunId, seq?: number): Promise<Followed>;
  /** A part of the journal: fewer events than asked for, if they are many or large. */
  page(runId: RunId, from: number, limit?: number): Promise<readonly RunEvent[]>;
  namespaceOf(runId: RunId): Promise<string | undefined>;
  keyOf(runId: RunId): Promise<KeyRef | undefined>;
  entries(key: KeyRef): Promise<readonly (readonly [string, Payload])[]>;
  write(key: KeyRef, name: string, value: Payload): Promise<void>;
  clear(key: KeyRef, name?: string): Promise<void>;
  viewKey: KeyVerbs["view"];
  replace: KeyVerbs["replace"];
  /** Those that this node has in memory, and those on disk. */
  delayedKeys: KeyVerbs["delayed"];
  /** What this node knows of the partitions that it has. */
  gauges(): Promise<readonly PartitionGauge[]>;
  /** Lists show all that was acknowledged here before the call, of the partitions that it names. */
  flush(): Promise<readonly number[]>;
}

export interface NodeParts {
  readonly desk: Desk;
  readonly owners: Pick<Owners, "isHere" | "onChange">;
  /** The engine's own verbs. */
  readonly client: EngineClient;
  readonly keyed: KeyedStateVerbs;
  readonly keys: KeyVerbs;
}

export function nodeVerbs(parts: NodeParts): NodeVerbs {
  const { desk, client, keyed, keys } = parts;
  const page: NodeVerbs["page"] = async (runId, from, limit = PAGE_EVENTS) =>
    fitting(await client.journal(runId, from, Math.min(limit, PAGE_EVENTS)));
  return {
    ...client,
    page,
    ending: (runId) => ending(desk, runId),
    follow: (runId, seq) =>
      seq === undefined ? standing(client, runId) : following(parts, page, runId, seq),
    namespaceOf: (runId) => homeOf(desk, runId),
    keyOf: (runId) => keyOfRun(desk, runId),
    entries: async (key) => [...(await keyed.entries(key))],
    write: (...args) => keyed.write(...args),
    clear: (...args) => keyed.clear(...args),
    viewKey: (key) => keys.view(key),
    replace: (...args) => keys.replace(...args),
    delayedKeys: (namespace) => keys.delayed(namespace),
    gauges: async () => gauges(desk),
    flush: () => flush(desk),
  };
}

/** Also of a start that waits for its turn since before its key came to this node. */
async function ending(desk: Desk, runId: RunId): Promise<Outcome> {
  try {
    return await endOf(desk, runId);
  } catch (error) {
    const isUnknown = error instanceof PerdureError && error.code === "not-found";
    const key = isUnknown ? await keyOfStart(desk, runId) : undefined;
    if (key === undefined) throw error;
    desk.listeners.expect(runId, key.namespace);
    return endOf(desk, runId);
  }
}

/** Where the run stands: what comes after it comes after this call. */
async function standing(client: EngineClient, runId: RunId): Promise<Followed> {
  let first = Infinity;
  const stop = client.watch(runId, ([event]) => {
    first = Math.min(first, event?.seq ?? Infinity);
  });
  try {
    const { seq, outcome } = await client.describe(runId).catch(absent);
    // What came since is news, though it is in the journal already.
    if (first <= seq) return { events: [], seq: first - 1 };
    return { events: [], seq, ...(outcome === undefined ? {} : { isOver: true }) };
  } finally {
    stop();
  }
}

function absent(error: unknown): Pick<RunView, "seq" | "outcome"> {
  if (error instanceof PerdureError && error.code === "not-found") return { seq: 0 };
  throw error;
}

async function following(
  { desk, client, owners }: NodeParts,
  page: NodeVerbs["page"],
  runId: RunId,
  seq: number,
): Promise<Followed> {
  const next = (): Promise<readonly RunEvent[]> =>
    page(runId, seq + 1).catch((error: unknown) => {
      absent(error);
      return [];
    });
  const heard = Promise.withResolvers<void>();
  // Before the first look, so that nothing falls in between.
  const stop = client.watch(runId, () => heard.resolve());
  const cancel = desk.env.after(FOLLOW_MS, () => heard.resolve());
  const home = partitionOf(runStream(runId), desk.partitions.length);
  const stopLooking = owners.onChange(() => {
    if (!owners.isHere(home)) heard.resolve();
  });
  try {
    let events = await next();
    if (events.length === 0) {
      await heard.promise;
      events = await next();
    }
    return { events, seq: events.at(-1)?.seq ?? seq };
  } finally {
    cancel();
    stop();
    stopLooking();
  }
}

/** As many of them, from the first on, as have about so many bytes; the first in any case. */
function fitting(events: readonly RunEvent[]): readonly RunEvent[] {
  let bytes = 0;
  const end = events.findIndex((event) => (bytes += bytesIn(event)) > PAGE_BYTES);
  return end < 0 ? events : events.slice(0, Math.max(1, end));
}

function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesIn(part), 8);
}

async function flush({ checkOpen, partitions, tidy, store }: Desk): Promise<readonly number[]> {
  checkOpen();
  const before = partitions
    .filter(({ isHere, isOpen }) => isHere && isOpen)
    .map((partition) => ({ partition, generation: partition.generation }));
  await tidy.flush();
  await store.flush();
  // One that left meanwhile may have taken rows along that the next owner is to write.
  return before
    .filter(({ partition, generation }) => partition.generation === generation)
    .map(({ partition }) => partition.number);
}
