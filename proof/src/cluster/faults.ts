/** What happens to the nodes, the workers, the database and the network between them. */
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../fuzz/random.ts";
import type { Direction, FaultProxy } from "../network/fault-proxy.ts";
import type { Node } from "./node.ts";
import type { Site } from "./site.ts";

/** Commits one, and mends it after a while. */
type Fault = (site: Site, random: Random) => Promise<void>;

/** Longer than a lease, so that others take over; shorter, so that they must not. */
const [PAST_LEASE_MS, WITHIN_LEASE_MS] = [3_500, 700];
/** Seven leases. Timers go by these clocks, so that some come late by twice as much. */
const CLOCK_MS = 15_000;
const MOST_DELAY_MS = 200;
const directions: readonly Direction[] = ["request", "response"];

export const faults = {
  nodeKilled: async ({ nodes }, random) => {
    const node = random.pick(nodes);
    await node.alone(async () => {
      await node.kill();
      await delay(random.between(0, PAST_LEASE_MS));
      await node.start(wrongClock(random));
    });
  },

  nodeLeaves: async ({ nodes }, random) => {
    const node = random.pick(nodes);
    await node.alone(async () => {
      await node.leave();
      await node.start(wrongClock(random));
    });
  },

  nodeFrozenPastItsLease: async ({ nodes }, random) => {
    await frozen(random.pick(nodes), PAST_LEASE_MS);
  },

  nodeFrozenWithinItsLease: async ({ nodes }, random) => {
    await frozen(random.pick(nodes), random.between(1, WITHIN_LEASE_MS));
  },

  clockJumps: async ({ nodes }, random) => random.pick(nodes).jump(wrongClock(random)),

  workerKilled: async (site, random) => {
    await site.replaceWorker(random.between(0, site.workers - 1), wrongClock(random));
  },

  /** No other node gets through to it, or hears of it. */
  peersSilent: async ({ nodes }, random) => {
    await silent(random.pick(nodes).peers, random, random.between(1, PAST_LEASE_MS));
  },

  peersCut: async ({ nodes }, random) => {
    for (const node of nodes) node.peers.cut(() => random.chance(0.5));
    await delay(0);
  },

  databaseSilent: async ({ nodes }, random) => {
    await silent(
      random.pick(random.pick(nodes).databases),
      random,
      random.between(1, PAST_LEASE_MS),
    );
  },

  databaseCut: async ({ nodes }, random) => {
    random.pick(random.pick(nodes).databases).cut(() => random.chance(0.5));
    await delay(0);
  },

  clientsCut: async ({ nodes }, random) => {
    for (const node of nodes) node.clients.cut(() => random.chance(0.5));
    await delay(0);
  },

  clientsSilent: async ({ nodes }, random) => {
    await silent(random.pick(nodes).clients, random, random.between(1, PAST_LEASE_MS));
  },

  networkSlow: async ({ nodes }, random) => {
    const proxy = random.pick(random.pick(nodes).proxies);
    const direction = random.pick(directions);
    proxy.delaysMs[direction] = random.between(1, MOST_DELAY_MS);
    await delay(random.between(1, PAST_LEASE_MS));
    proxy.delaysMs[direction] = 0;
  },

  databaseKilled: async ({ databases }, random) => {
    const database = random.pick(databases);
    await database.kill();
    await database.start();
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof faults;

export const faultNames: readonly FaultName[] = Object.keys(faults) as FaultName[];

/** What nodes agree on must not rest on it. */
export function wrongClock(random: Random): number {
  return random.between(-CLOCK_MS, CLOCK_MS);
}

async function frozen(node: Node, ms: number): Promise<void> {
  await node.alone(async () => {
    node.freeze();
    await delay(ms);
    node.thaw();
  });
}

/** In one direction or both; in the end the connections may be gone or go on. */
async function silent(proxy: FaultProxy, random: Random, ms: number): Promise<void> {
  const both = random.chance(0.5);
  const held = both ? directions : [random.pick(directions)];
  for (const direction of held) proxy.hold(direction);
  await delay(ms);
  if (random.chance(0.5)) proxy.cut();
  for (const direction of held) proxy.release(direction);
}
