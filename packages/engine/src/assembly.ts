/** Puts the parts of an engine together; each sees only what it is given here. */
import { partitionOf, PerdureError, type Calendar } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import { Builder } from "./commit/builder.ts";
import { Decider } from "./commit/decider.ts";
import type { Draft } from "./commit/draft.ts";
import { Links } from "./commit/link.ts";
import { Mail } from "./commit/mail.ts";
import { Pump } from "./commit/pump.ts";
import { Releaser } from "./commit/releaser.ts";
import { Requests } from "./commit/requests.ts";
import { Listeners } from "./client/listeners.ts";
import { machinesWith } from "./core/machines.ts";
import type { Tuning } from "./core/options.ts";
import { newStats, type Stats } from "./core/stats.ts";
import type { Env } from "./env.ts";
import { Cluster } from "./nodes/cluster.ts";
import type { NodeTerms } from "./nodes/node-options.ts";
import { LinkEnds } from "./streams/ends.ts";
import { LiveRun } from "./streams/live.ts";
import { Loader } from "./streams/loader.ts";
import { Partition } from "./streams/partition.ts";
import { Recovery } from "./streams/recovery.ts";
import { Rest } from "./streams/rest.ts";
import { Retention } from "./streams/retention.ts";
import { Tidy } from "./streams/tidy.ts";
import { Alarms } from "./time/alarms.ts";
import { Calls } from "./workers/calls.ts";
import { Leases } from "./workers/leases.ts";
import { Matcher } from "./workers/matcher.ts";
import { Registry } from "./workers/registry.ts";
import type { RegisteredWorker } from "./workers/registered-worker.ts";
import { Tasks } from "./workers/tasks.ts";

export interface Setting {
  readonly store: Store;
  readonly env: Env;
  readonly calendar: Calendar;
  readonly tuning: Tuning;
  /** One node among several; undefined: the only one. */
  readonly node: NodeTerms | undefined;
  /** What this engine is called in claims. */
  readonly self: string;
  readonly stop: (reason: Error) => void;
}

export interface Assembly {
  readonly stats: Stats;
  readonly partitions: readonly Partition[];
  readonly requests: Requests;
  readonly pump: Pump;
  readonly mail: Mail;
  readonly alarms: Alarms;
  readonly loader: Loader;
  readonly listeners: Listeners;
  readonly matcher: Matcher;
  readonly leases: Leases;
  readonly tasks: Tasks;
  readonly calls: Calls;
  readonly registry: Registry;
  readonly retention: Retention;
  readonly tidy: Tidy;
  readonly recovery: Recovery;
  readonly cluster: Cluster | undefined;
}

export function assemble(setting: Setting): Assembly {
  const commits = commitParts(setting);
  const streams = streamParts(setting, commits);
  const workers = workerParts(setting, commits, streams);
  const keeping = keepingParts(setting, commits, streams, workers);
  const cluster =
    setting.node && clusterOf(setting, setting.node, { ...commits, ...workers, ...keeping });
  const all = { ...commits, ...streams, ...workers, ...keeping, cluster };
  const { pump, recovery, decider } = all;
  const builder = new Builder({ ...all, decider });
  const releaser = new Releaser({ ...all, carrier: cluster?.carrier });
  pump.attach({
    build: builder.build,
    hasMore: builder.hasMore,
    tidy: builder.tidy,
    submitted: foresight({ ...all, env: setting.env }),
    release: releaser.release,
    void: (draft, reason) => {
      for (const request of draft.requests) all.requests.fail(request, reason);
    },
    reopen: recovery.reopen,
    refusing: (database, reason) => {
      if (setting.node === undefined) return setting.stop(reason);
      // The others go on; these are taken again when the store is asked who has what.
      for (const partition of all.partitions) {
        const isHeld = partition.database === database && partition.phase !== "elsewhere";
        if (isHeld) recovery.letGo(partition);
      }
    },
    stop: setting.stop,
  });
  return all;
}

/** Tells workers what they are about to be given, once the store has what it is to write. */
function foresight({
  matcher,
  leases,
  env,
}: Pick<Assembly, "matcher" | "leases"> & { readonly env: Env }) {
  return (drafts: readonly Draft[]): void => {
    if (!matcher.hasForeseers) return;
    env.defer(() => {
      for (const { touched } of drafts) {
        for (const live of touched) if (live instanceof LiveRun) leases.foresee(live);
      }
    });
  };
}

function commitParts({ store, env, calendar, tuning }: Setting) {
  const stats = newStats();
  const partitions = Array.from(
    { length: store.partitions },
    (_, n) => new Partition(n, store.databaseOf(n)),
  );
  const machines = machinesWith(calendar);
  const links = new Links(partitions);
  const requests = new Requests();
  const ends = new LinkEnds(links, partitions, requests);
  const { commitsInFlight, refusalsToStop } = tuning;
  const pump = new Pump({ store, env, stats, commitsInFlight, refusalsToStop });
  const { ready, readyLater } = pump;
  const mail = new Mail({ partitions, requests, ready, readyLater });
  const decider = new Decider(env, machines, links, partitions.length);
  return { stats, partitions, machines, links, ends, requests, pump, ready, mail, decider };
}

type CommitParts = ReturnType<typeof commitParts>;

function streamParts({ store, env }: Setting, commits: CommitParts) {
  const { partitions, machines, requests, mail, ready, stats } = commits;
  const alarms = new Alarms({
    store,
    env,
    partitions: partitions.length,
    wake: (stream) => mail.post(stream, { type: "wake" }),
  });
  const loader = new Loader({ store, env, stats, machines, partitions, requests, alarms, ready });
  const listeners = new Listeners(env, (runId) => loader.findRun(runId) !== undefined);
  return { alarms, loader, listeners };
}

type StreamParts = ReturnType<typeof streamParts>;

/** The four know each other, so two of them look the others up when they need them. */
function workerParts({ store, env, tuning }: Setting, commits: CommitParts, streams: StreamParts) {
  const { stats, mail, requests, partitions, pump } = commits;
  const { loader } = streams;
  const isLeaving = (home: number): boolean => partitions[home]?.isLeaving === true;
  const emptied = (worker: RegisteredWorker): void => registry.emptied(worker);
  const leases: Leases = new Leases({
    store,
    env,
    stats,
    loader,
    mail,
    matcher: () => matcher,
    calls: () => calls,
    isLeaving: (live) => isLeaving(live.home),
    emptied,
  });
  const tasks: Tasks = new Tasks({
    env,
    stats,
    mail,
    requests,
    load: (stream) => loader.get(stream),
    isLeaving: (stream) => isLeaving(partitionOf(stream, partitions.length)),
    matcher: () => matcher,
    emptied,
  });
  const matcher: Matcher = new Matcher(env, {
    assignRun: (worker, want) => leases.assign(worker, want),
    assignTask: (worker, offer) => tasks.assign(worker, offer),
  });
  const calls: Calls = new Calls({
    env,
    timeoutMs: tuning.callTimeoutMs,
    touch: (live) => leases.touch(live),
    written: async ({ home }) => {
      const partition = partitions[home];
      if (partition === undefined || partition.isDrained) return;
      await pump.barrierWhen(() => partition.isTaken || !partition.isOpen, home);
      if (!partition.isOpen) throw new PerdureError("unavailable", "The run moved: ask again.");
    },
  });
  const registry: Registry = new Registry({ env, mail, matcher, leases, tasks });
  return { leases, tasks, matcher, calls, registry };
}

type WorkerParts = ReturnType<typeof workerParts>;

function keepingParts(
  { store, env, tuning, node, self, stop }: Setting,
  commits: CommitParts,
  streams: StreamParts,
  workers: WorkerParts,
) {
  const { partitions, pump, stats } = commits;
  const retention = new Retention({ store, env, everyMs: tuning.pruneEveryMs, partitions });
  const { loader, alarms } = streams;
  const { leases } = workers;
  const written = (done: () => boolean): Promise<void> => pump.barrierWhen(done);
  const tidy = new Tidy({
    env,
    stats,
    tuning,
    partitions,
    loader,
    leases,
    alarms,
    retention,
    databases: store.databases,
    untidy: pump.untidy,
    written,
  });
  const attempts = tuning.refusalsToStop;
  const recovery: Recovery = new Recovery({
    store,
    env,
    attempts,
    self,
    // The only engine of a store has all of it or nothing; a node goes on with the rest.
    lost: (_, reason) => (node ? undefined : stop(reason)),
    gaveUp: (partition, reason) => (node ? recovery.letGo(partition) : stop(reason)),
    tidy,
    ...commits,
    ...streams,
    ...workers,
  });
  return { retention, tidy, recovery };
}

function clusterOf(
  { store, env }: Setting,
  terms: NodeTerms,
  parts: CommitParts & WorkerParts & ReturnType<typeof keepingParts>,
): Cluster {
  const { partitions, leases, tasks, pump } = parts;
  const rest = new Rest(leases, tasks, partitions.length);
  const abandon = (database: number): void => pump.abandon(database);
  return new Cluster({ ...parts, store, env, terms, rest, abandon });
}
