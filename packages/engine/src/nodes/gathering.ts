/**
 * Verbs that take all nodes: what lists show is brought up to date everywhere and then read from
 * the store here; workers are asked for everywhere; many starts go where their keys are.
 *
 * A1  A list shows all that was acknowledged anywhere before it: every partition is flushed by
 *     whoever has it, from before its flush to after it.
 */
import { keyStream, type KeyRef, type StreamId } from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import { checkNamespace, checkStartMany } from "../client/checks.ts";
import { HERE, isPeerLost, isUndone, type Place, type Router } from "./router.ts";
import { Spreading } from "./spreading.ts";
import type { Answer, Args, Gathered } from "./ways.ts";

type Listed = "versions" | "list" | "count" | "listSchedules";
type Verbs = Pick<EngineClient, Exclude<Gathered, "flush" | "delayedKeys" | "gauges">>;

export function gatheredVerbs(router: Router, by?: string): Verbs {
  const listed =
    <V extends Listed>(verb: V) =>
    (...args: Args<V>): Promise<Answer<V>> =>
      afterFlush(router, () => router.at(HERE, by, verb, args));
  return {
    versions: listed("versions"),
    list: listed("list"),
    count: listed("count"),
    listSchedules: listed("listSchedules"),
    async workers(namespace) {
      checkNamespace(namespace);
      const places = [HERE, ...router.others()];
      const views = await Promise.all(
        places.map((place) => listAt(router, place, "workers", [namespace])),
      );
      return views.flat();
    },
    async startMany(namespace, items) {
      checkNamespace(namespace);
      checkStartMany(items);
      return new Spreading(router, by, namespace, items).all();
    },
  };
}

/** Reads when every partition has been flushed. */
async function afterFlush<T>(router: Router, read: () => Promise<T>): Promise<T> {
  const search = router.search();
  const left = new Set(Array.from({ length: router.partitions }, (_, n) => n));
  for (;;) {
    const places = new Set([...left].map((partition) => router.placeOfPartition(partition)));
    const flushes = [...places].filter((place) => place !== undefined);
    for (const flushed of await Promise.all(flushes.map((place) => flushAt(router, place)))) {
      for (const partition of flushed) left.delete(partition);
    }
    try {
      if (left.size === 0) return await read();
    } catch (error) {
      // This node has lost its lease for a moment.
      if (!isUndone(error)) throw error;
    }
    await search.next();
  }
}

async function flushAt(router: Router, place: Place): Promise<readonly number[]> {
  try {
    return await router.at(place, undefined, "flush", []);
  } catch (error) {
    if (isUndone(error) || isPeerLost(error)) return [];
    throw error;
  }
}

/** Keys in the memory of any node, and those on disk. */
export async function delayedAnywhere(
  router: Router,
  namespace: string,
): Promise<readonly KeyRef[]> {
  const found = new Map<StreamId, KeyRef>();
  for (const place of [HERE, ...router.others()]) {
    for (const key of await listAt(router, place, "delayedKeys", [namespace])) {
      found.set(keyStream(key), key);
    }
  }
  return [...found.values()];
}

/** Of a node that is not there any more: none. */
async function listAt<V extends "workers" | "delayedKeys">(
  router: Router,
  place: Place,
  verb: V,
  args: Args<V>,
): Promise<Answer<V> | readonly never[]> {
  const search = router.search();
  const isThere = (): boolean => place === HERE || router.others().includes(place);
  while (isThere()) {
    try {
      return await router.at(place, undefined, verb, args);
    } catch (error) {
      if (!isUndone(error) && !isPeerLost(error)) throw error;
    }
    await search.next();
  }
  return [];
}
