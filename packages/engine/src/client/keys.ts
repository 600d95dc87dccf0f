/** What lives under keys, for people who look at it and mend it from outside of the runs. */
import {
  keyStream,
  limits,
  PerdureError,
  type KeyRef,
  type KeyState,
  type Payload,
  type RunId,
  type RunSpec,
  type StreamId,
} from "@perdure/kernel";
import { checkKey, checkName, checkNamespace, checkPayload } from "./checks.ts";
import { refOf, type Desk } from "./desk.ts";

/** As far as it is durable. Plain data, so that it crosses between nodes. */
export interface KeyView {
  /** The run that holds the key, or was the last to do so. */
  readonly current?: { readonly runId: RunId; readonly isOpen: boolean };
  /** Starts that wait for their turn, in its order; and those that wait for their time. */
  readonly inbox: readonly WaitingStart[];
  readonly delayed: readonly WaitingStart[];
  readonly entries: readonly (readonly [name: string, value: Payload])[];
  /** Without a value: somebody waits for it. */
  readonly promises: readonly (readonly [name: string, value?: Payload])[];
}

export interface WaitingStart {
  readonly spec: RunSpec;
  /** When it came; absent: nobody wrote it down. */
  readonly since?: number;
}

export interface KeyVerbs {
  /**
   * Keys of the kinds that begin with `kind`, in the order of their names; those past `after` only.
   * Some of them may hold nothing any more.
   */
  under(namespace: string, kind: string, limit: number, after?: KeyRef): Promise<readonly KeyRef[]>;
  /**
   * Keys under which starts may wait for their time: none of those that do is missing, and some of
   * these may have none any more. `limit-exceeded` where there are more than `limits.keysDelayed`.
   */
  delayed(namespace: string): Promise<readonly KeyRef[]>;
  view(key: KeyRef): Promise<KeyView>;
  /** Puts these entries in place of all that are there; `conflict` while a run holds the key. */
  replace(
    key: KeyRef,
    entries: readonly (readonly [name: string, value: Payload])[],
  ): Promise<void>;
}

export function keyVerbs(desk: Desk): KeyVerbs {
  return {
    async under(namespace, kind, limit, after) {
      desk.checkOpen();
      checkNamespace(namespace);
      // The name of no key, but of what the names of all these begin with.
      const prefix = keyStream({ namespace, kind, id: "" }).slice(0, -1);
      const last = after && keyStream(after);
      const names: readonly StreamId[] = await desk.store.streams(prefix, limit, last);
      return names.map(refOf);
    },

    async delayed(namespace) {
      desk.checkOpen();
      checkNamespace(namespace);
      return delayedKeys(desk, namespace);
    },

    async view(key) {
      desk.checkOpen();
      checkKey(key);
      const live = await desk.loader.get(keyStream(key));
      const view = viewOf(live.state as KeyState);
      if (live.durable !== live.state.seq) await desk.pump.barrier(live.home);
      return view;
    },

    async replace(key, entries) {
      desk.checkOpen();
      checkKey(key);
      for (const [name, value] of entries) {
        checkName("the entry's name", name);
        checkPayload("the entry's value", value);
      }
      await desk.mail.ask(keyStream(key), (request) => ({ type: "key.replace", entries, request }));
    },
  };
}

function viewOf({ current, inbox, delayed, entries, promises }: KeyState): KeyView {
  const startOf = ({ spec, since }: WaitingStart): WaitingStart =>
    since === undefined ? { spec } : { spec, since };
  return {
    ...(current === undefined
      ? {}
      : { current: { runId: current.runId, isOpen: current.status === undefined } }),
    inbox: inbox.map(startOf),
    delayed: delayed.map(startOf),
    entries: [...entries],
    promises: [...promises].map(([name, { value }]) => (value ? [name, value] : [name])),
  };
}

/** A key with a delayed start is in memory, or it is settled and has an alarm for it. */
async function delayedKeys({ partitions, store }: Desk, namespace: string): Promise<KeyRef[]> {
  const prefix = keyStream({ namespace, kind: "", id: "" }).slice(0, -2);
  const found = new Set<StreamId>();
  for (const { number, lives } of partitions) {
    for (const [stream, { state }] of lives) {
      if (stream.startsWith(prefix) && (state as KeyState).delayed.length > 0) found.add(stream);
    }
    const alarms = await store.alarms(number, Infinity, limits.keysDelayed + 1);
    for (const { stream } of alarms) if (stream.startsWith(prefix)) found.add(stream);
    if (alarms.length <= limits.keysDelayed && found.size <= limits.keysDelayed) continue;
    const text = `More than ${limits.keysDelayed} alarms are set: ask for one key, or one run.`;
    throw new PerdureError("limit-exceeded", text);
  }
  return [...found].map(refOf);
}
