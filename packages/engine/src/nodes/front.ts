/** Where callers meet a node of a cluster: their verbs are done wherever what they are about is. */
import { keyStream, partitionOf, type KeyRef, type RunId } from "@perdure/kernel";
import type { EngineClient } from "../client.ts";
import type { Desk } from "../client/desk.ts";
import { keyedStateVerbs, type KeyedStateVerbs } from "../client/keyed-state.ts";
import { keyVerbs, type KeyVerbs } from "../client/keys.ts";
import { answerPeers } from "./asking.ts";
import { delayedAnywhere } from "./gathering.ts";
import type { Cluster } from "./cluster.ts";
import type { ClusterReport } from "./cluster-view.ts";
import { nodeVerbs, type NodeVerbs } from "./node-verbs.ts";
import { routedClient, routedKeyedState } from "./routed-client.ts";
import { Router } from "./router.ts";
import { Watching } from "./watching.ts";

export interface Doors {
  readonly as: (by?: string) => EngineClient;
  readonly keyedState: KeyedStateVerbs;
  readonly keys: KeyVerbs;
  readonly namespaceOf: (runId: RunId) => Promise<string | undefined>;
  readonly keyOf: (runId: RunId) => Promise<KeyRef | undefined>;
  readonly cluster: () => Promise<ClusterReport>;
  /** What lives under the key is at this node now; of several nodes at most one says so for long. */
  readonly isHere: (key: KeyRef) => boolean;
}

export interface Front {
  readonly doors: Doors;
  stop(): void;
}

/** Before the node talks to others: from here on it answers them. `verbs`: the engine's own. */
export function openFront(
  desk: Desk,
  cluster: Cluster,
  verbs: (by?: string) => EngineClient,
): Front {
  const { env, partitions } = desk;
  const { peers, owners, forwardMs } = cluster;
  const keyed = keyedStateVerbs(desk);
  const keys = keyVerbs(desk);
  const nameless = nodeVerbs({ desk, owners, client: verbs(), keyed, keys });
  const own = (by?: string): NodeVerbs =>
    by === undefined ? nameless : nodeVerbs({ desk, owners, client: verbs(by), keyed, keys });
  answerPeers(env, peers, own);
  const router = new Router({ env, owners, peers, partitions: partitions.length, own, forwardMs });
  const watching = new Watching(env, router);
  const parts = { env, router, watching };
  const doors: Doors = {
    as: (by) => routedClient(parts, by),
    keyedState: routedKeyedState(parts),
    keys: {
      ...keys,
      delayed: (namespace) => delayedAnywhere(router, namespace),
      view: (key) => router.route(undefined, "viewKey", [key]),
      replace: (...args) => router.route(undefined, "replace", args),
    },
    namespaceOf: (runId) => router.route(undefined, "namespaceOf", [runId]),
    keyOf: (runId) => router.route(undefined, "keyOf", [runId]),
    cluster: () => cluster.report(router),
    isHere: (key) => owners.isHere(partitionOf(keyStream(key), partitions.length)),
  };
  return {
    doors,
    stop: () => {
      watching.stop();
      router.stop();
    },
  };
}
