/**
 * What `why` is told beside the journal: who is there, and the runs and keys that the one in
 * question waits for. It gathers and decides nothing.
 *
 * 1. What it looks at is bounded: `limits.whyLooks` streams.
 * 2. A partition that is not open, for the store refuses or it is refused, keeps nobody waiting: it
 *    looks at the disk.
 * 3. It stays within the namespace of the first.
 */
import {
  keyStream,
  leadsOfKey,
  leadsOfRun,
  limits,
  partitionOf,
  partsOf,
  runStream,
  type KeyState,
  type Lead,
  type LostServer,
  type RunFacts,
  type RunId,
  type StoreTrouble,
  type StreamId,
  type Surroundings,
} from "@perdure/kernel";
import { LiveRun, type Live } from "../streams/live.ts";
import { busyWith } from "../workers/busy.ts";
import type { Desk } from "./desk.ts";

export interface Gathered {
  readonly world: Surroundings;
  readonly lives: ReadonlyMap<StreamId, Live>;
}

/** Everything that the chains from these lead to, nearest first. */
export async function gather(desk: Desk, from: readonly Lead[]): Promise<Gathered> {
  const lives = new Map<StreamId, Live>();
  const leads = [...from];
  let home: string | undefined;
  for (let lead = leads.shift(); lead !== undefined; lead = leads.shift()) {
    const stream = "runId" in lead ? runStream(lead.runId) : keyStream(lead.key);
    if (lives.has(stream)) continue;
    if (lives.size >= limits.whyLooks) break;
    const live = await look(desk, stream);
    const isRun = live instanceof LiveRun;
    const namespace = isRun ? live.run.spec?.namespace : partsOf(stream)[0];
    home ??= namespace;
    if (namespace !== home) continue;
    lives.set(stream, live);
    leads.push(...(isRun ? leadsOfRun(live.run) : leadsOfKey(live.state as KeyState)));
  }
  return { world: worldOf(desk, home ?? "", lives), lives };
}

/** Of the engine's store, or of the partition that the first is in. */
function troubleWith(desk: Desk, stream: StreamId | undefined): StoreTrouble | undefined {
  const known = desk.trouble();
  const { partitions } = desk;
  const home = stream && partitions[partitionOf(stream, partitions.length)];
  if (known?.isStopped === true || home?.refusal === undefined) return known;
  const { since, reason } = home.refusal;
  const { message } = reason;
  return { since, lastAt: since, reason: message, refusals: 0, isTaking: false, isStopped: false };
}

export function look(desk: Desk, stream: StreamId): Promise<Live> {
  const { partitions, loader, trouble } = desk;
  const partition = partitions[partitionOf(stream, partitions.length)];
  const isOpen = partition?.isOpen === true && trouble()?.isStopped !== true;
  return isOpen ? loader.get(stream) : loader.peek(stream);
}

function worldOf(desk: Desk, namespace: string, lives: ReadonlyMap<StreamId, Live>): Surroundings {
  const { matcher, registry } = desk;
  const [first] = lives.keys();
  const store = troubleWith(desk, first);
  return {
    serves: (queue, name, kind, version) => matcher.serves(namespace, queue, name, kind, version),
    throttled: (queue, task) => matcher.throttled(namespace, queue, task),
    lost: (queue) => lostOf(desk, namespace, queue),
    queues: () => matcher.queues(namespace),
    versions: (queue) => matcher.versions(namespace, queue),
    busy: (queue, kind) => [
      ...[...registry.own]
        .filter(({ options }) => options.namespace === namespace)
        .flatMap((worker) => busyWith(worker, queue, kind) ?? []),
      ...matcher.busyElsewhere(namespace, queue, kind),
    ],
    run: (runId) => factsOf(lives.get(runStream(runId)), runId),
    key: (key) => lives.get(keyStream(key))?.state as KeyState | undefined,
    ...(store === undefined ? {} : { store }),
  };
}

/** The last worker of the queue that was lost. */
function lostOf({ registry, env }: Desk, namespace: string, queue: string): LostServer | undefined {
  const last = registry.lost
    .in(namespace)
    .findLast(({ options }) => options.queues.some(({ name }) => name === queue));
  if (last === undefined) return undefined;
  return { worker: last.id, agoMs: env.monotonic() - last.at };
}

function factsOf(live: Live | undefined, runId: RunId): RunFacts | undefined {
  if (!(live instanceof LiveRun)) return undefined;
  const { run: state, hold, lostBy: lost } = live;
  const holder = hold?.worker.worker;
  const doing = holder?.doing?.(runId);
  const awaits = holder?.awaits?.(runId);
  return {
    state,
    ...(holder === undefined ? {} : { holder: holder.id }),
    ...(doing === undefined ? {} : { doing }),
    ...(awaits === undefined ? {} : { awaits }),
    ...(lost === undefined ? {} : { lost }),
  };
}
