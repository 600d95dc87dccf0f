/**
 * A node without a network, which talks to nobody: it has its store for itself, under leases all the
 * same, so that a second process cannot take over by mistake what the first one is doing.
 *
 * S1  Where another node lives, it does not start; nor does any node where one of these lives.
 * S2  It is there for others to see before it looks, and looks for as long as a lease: of two that
 *     start at once, one sees the other, and the lesser id stays.
 */
import { PerdureError } from "@perdure/kernel";
import type { ClusterView, NodeRecord, Store } from "@perdure/store";
import type { Env } from "../env.ts";
import type { NodeTerms } from "./node-options.ts";
import type { PeerNetwork } from "./peer-network.ts";

/** The address of a node that nobody can reach. */
export const NOWHERE = "";

/** Nobody reaches anybody. */
export const noNetwork: PeerNetwork = {
  connect: (_, end) => {
    void Promise.resolve().then(() => end.closed());
    return { send: () => undefined, close: () => undefined };
  },
  listen: () => () => undefined,
};

/** Rejects with `store-busy` where this node and another one may not be together. */
export async function checkCompany(store: Store, env: Env, terms: NodeTerms): Promise<void> {
  const { id, address, version, leaseMs, beatMs } = terms;
  const startedAt = env.now();
  let beat = 0;
  const look = async (gone: readonly string[] = []): Promise<readonly NodeRecord[]> => {
    // As one that leaves: nobody gives it anything yet.
    const record = { id, address, version, startedAt, beat: ++beat, isLeaving: true };
    const { nodes }: ClusterView = await store.beat(record, gone);
    return nodes.filter((node) => node.id !== id && !mayMeet(terms, node));
  };
  const first = new Map((await look()).map((node) => [node.id, node.beat]));
  if (address !== NOWHERE && first.size === 0) return;
  const until = env.monotonic() + leaseMs;
  while (env.monotonic() < until) {
    await new Promise<void>((resolve) => void env.after(beatMs, resolve));
    const alive = (await look()).find((node) => isAlive(node, first, id));
    if (alive === undefined) continue;
    await look([id]);
    throw busy(terms, alive);
  }
}

function mayMeet(one: Pick<NodeRecord, "address">, other: Pick<NodeRecord, "address">): boolean {
  return one.address !== NOWHERE && other.address !== NOWHERE;
}

/** It has given a sign of life since the first look; of those that only look, the lesser id counts. */
function isAlive(node: NodeRecord, first: ReadonlyMap<string, number>, self: string): boolean {
  const isLooking = node.isLeaving && node.address === NOWHERE;
  return first.get(node.id) !== node.beat && (!isLooking || node.id < self);
}

function busy({ address }: NodeTerms, other: NodeRecord): PerdureError {
  const who = `Node ${other.id} (version ${other.version}) is working with this store`;
  const text =
    address === NOWHERE
      ? `${who}, and this one has no address at which they could reach each other: give it ` +
        `node.listen and node.secret to share the work, or stop the other first.`
      : `${who} and cannot be reached by others: start it anew with node.listen and node.secret, ` +
        `or stop it first.`;
  return new PerdureError("store-busy", text);
}
