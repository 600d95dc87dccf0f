/**
 * Where each verb is done, and whether it may be asked again when nobody knows what became of it.
 * A new verb of `EngineClient` does not compile until it has a row here or is gathered.
 */
import {
  keyStream,
  runStream,
  scheduleStream,
  topicStream,
  type KeyRef,
  type RunId,
  type StreamId,
} from "@perdure/kernel";
import type { Target } from "../client.ts";
import { checkKey } from "../client/checks.ts";
import { checkRunId } from "../client/desk.ts";
import { arrivalOf, holderOf } from "../client/import.ts";
import { keyOf, namedBy } from "../client/start.ts";
import type { NodeVerbs } from "./node-verbs.ts";

/** These are put together from what several nodes do. */
export type Gathered =
  | "startMany"
  | "workers"
  | "versions"
  | "list"
  | "count"
  | "listSchedules"
  | "delayedKeys"
  | "gauges"
  | "flush";

export type Routed = Exclude<keyof NodeVerbs, Gathered>;

export type Args<V extends keyof NodeVerbs> = Parameters<NodeVerbs[V]>;
export type Answer<V extends keyof NodeVerbs> = Awaited<ReturnType<NodeVerbs[V]>>;

/** A verb as it is called by name. */
export type AnyVerb = (...args: readonly unknown[]) => Promise<unknown>;

export interface Way<V extends Routed> {
  /** The stream that it is about; undefined: any partition will do. Throws at what is no such name. */
  readonly home: (...args: Args<V>) => StreamId | undefined;
  /** Twice is the same as once. */
  readonly isRepeatable: boolean | ((...args: Args<V>) => boolean);
  /** It may take as long as the run does: asked in waits that end. */
  readonly isLong?: true;
  /** What the disk says is an answer, when nobody has the partition. */
  readonly isOnDisk?: true;
}

const never = { isRepeatable: false } as const;
const reading = { isRepeatable: true } as const;

const ofRun = (runId: RunId): StreamId => {
  checkRunId(runId);
  return runStream(runId);
};

const ofKey = (key: KeyRef): StreamId => {
  checkKey(key);
  return keyStream(key);
};

const ofTarget = (target: Target): StreamId =>
  "key" in target ? ofKey(target.key) : ofRun(target.runId);

export const ways: { readonly [V in Routed]: Way<V> } = {
  start: {
    home: (request) => {
      const key = keyOf(request);
      if (key !== undefined) return ofKey(key);
      const named = namedBy(request);
      return named && runStream(named);
    },
    isRepeatable: ({ requestId }) => requestId !== undefined,
  },
  fork: { home: ({ runId, key }) => (key ? ofKey(key) : ofRun(runId)), ...never },
  // Where the run is to be; whoever asks looks for it first.
  importRun: {
    home: (namespace, journal) => {
      const { spec, isOpen } = arrivalOf(namespace, journal);
      const holder = holderOf(spec, isOpen);
      return holder ? ofKey(holder) : ofRun(spec.runId);
    },
    isRepeatable: true,
  },

  signal: { home: ofTarget, isRepeatable: (_, { id }) => id !== undefined },
  cancel: { home: ofTarget, ...never },
  terminate: { home: ofRun, ...never },
  pause: { home: ofRun, ...never },
  resume: { home: ofRun, ...never },
  repin: { home: ofRun, ...never },
  purge: { home: ofRun, ...never },
  keyOf: { home: ofRun, ...reading },

  query: { home: ofTarget, ...reading },
  update: { home: ofTarget, isRepeatable: (...[, , , id]) => id !== undefined, isLong: true },
  ending: { home: ofRun, ...reading, isLong: true },
  follow: { home: ofRun, ...reading },
  page: { home: ofRun, ...reading },
  describe: { home: ofRun, ...reading },
  lookup: { home: ofKey, ...reading },
  namespaceOf: { home: ofRun, ...reading, isOnDisk: true },
  why: { home: ofRun, ...reading, isOnDisk: true },
  whyKey: { home: ofKey, ...reading, isOnDisk: true },
  whySchedule: { home: scheduleStream, ...reading, isOnDisk: true },

  publish: { home: topicStream, isRepeatable: (_, __, { id }) => id !== undefined },
  setTrigger: { home: topicStream, ...never },
  removeTrigger: { home: topicStream, ...never },

  putSchedule: { home: ({ namespace, id }) => scheduleStream(namespace, id), ...never },
  deleteSchedule: { home: scheduleStream, ...never },
  pauseSchedule: { home: scheduleStream, ...never },
  resumeSchedule: { home: scheduleStream, ...never },
  triggerSchedule: { home: scheduleStream, ...never },
  backfillSchedule: { home: scheduleStream, ...never },
  describeSchedule: { home: scheduleStream, ...reading },

  entries: { home: ofKey, ...reading },
  write: { home: ofKey, ...never },
  clear: { home: ofKey, ...never },
  viewKey: { home: ofKey, ...reading },
  replace: { home: ofKey, ...never },
};
