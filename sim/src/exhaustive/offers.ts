/**
 * What can happen next in a small world, without what need not be tried.
 *
 * Two events commute where they happen to different processes; events of one process, and what the
 * disk carries out, do not. From there:
 *
 * 1. A message to a worker or a client is the only one offered: it commutes with all that can
 *    happen before it to anybody else, and nothing else can happen to its receiver but 3.
 * 2. The disk carries a request out as late as possible: just before its answer arrives, or before
 *    another node's or queue's request is carried out.
 * 3. What happens to a process by itself (it crashes, it learns of a cut, its clock leaps) is
 *    offered as early as possible: right after its last event, or when it becomes possible.
 * 4. Time passes only when nothing else can happen.
 */
import type { Actor } from "./actor.ts";
import type { Channel } from "./channel.ts";
import type { DiskQueue } from "./disk.ts";
import type { Offer } from "./offer.ts";
import type { SmallWorld } from "./small-world.ts";
import type { WorkerLife } from "./worker-life.ts";

/** By then everything must have ended. */
const PATIENCE_MS = 600_000;

/** None: the world is at rest, or its time is up. */
export function offersOf(world: SmallWorld): readonly Offer[] {
  const expected = expectedIn(world);
  const sudden = suddenIn(world, expected.length === 0);
  if (expected.length + sudden.length > 0) return [...expected, ...sudden];
  if (world.isDone) return world.leftovers.flatMap((queue) => carryOut(queue, "a dead node's"));
  if (world.now >= PATIENCE_MS) return [];
  return [{ name: "time passes", run: () => world.passTime() }];
}

/** What is on its way, and the turns of the node. */
export function expectedIn(world: SmallWorld): readonly Offer[] {
  const offers: Offer[] = [];
  for (const { id, worker, toWorker } of world.links) {
    if (toWorker.first !== undefined) offers.push(hears(`${id} hears`, worker, toWorker));
    if (offers.length > 0 && world.shape.isReduced) return offers;
  }
  for (const { actor, toClient } of world.clients) {
    if (toClient.first === undefined) continue;
    const heard = hears(`${actor.name} hears`, actor, toClient);
    offers.push(heard);
    if (!world.isFaultSpent && world.shape.fault.type === "client answer lost") {
      offers.push({ name: `lost: ${heard.name}`, actor, run: () => world.loseAnswer(toClient) });
    }
    if (world.shape.isReduced) return offers;
  }
  return [...offers, ...ofNode(world), ...ofDisk(world)];
}

function hears(name: string, actor: Actor, channel: Channel): Offer {
  const { what = "", digest = "" } = channel.first ?? {};
  return { name: `${name} ${what}`, actor, digest, run: () => channel.take()?.receive() };
}

function ofNode({ node, links, clients }: SmallWorld): readonly Offer[] {
  const { actor, isUp, writing, reading } = node;
  const offers: Offer[] = [];
  if (actor.lane.hasTurn) {
    offers.push({ name: `${actor.name} takes its turn`, actor, run: () => actor.lane.turn() });
  }
  for (const queue of [writing, reading]) {
    if (queue.first === undefined) continue;
    const name = `${actor.name} has its answer to ${queue.first.what}`;
    offers.push({ name, actor, run: () => actor.meets(queue.land()) });
  }
  if (!isUp) return offers;
  for (const { id, node: far, toNode } of links) {
    if (far !== actor || toNode.first === undefined) continue;
    offers.push(hears(`${actor.name} hears from ${id}`, actor, toNode));
  }
  for (const client of clients) {
    if (client.toNode.first === undefined) continue;
    offers.push(hears(`${actor.name} hears from ${client.actor.name}`, actor, client.toNode));
  }
  return offers;
}

/** Of its own only where the order of requests is open: of two queues, or with a fault. */
function ofDisk(world: SmallWorld): readonly Offer[] {
  const { node, leftovers, shape, isFaultSpent } = world;
  const { actor, writing, reading } = node;
  const offers: Offer[] = [];
  const waiting = [writing, reading, ...leftovers].filter(({ next }) => next !== undefined);
  if (waiting.length > 1 || !shape.isReduced) {
    for (const queue of waiting) {
      const whose = leftovers.includes(queue) ? "a dead node's" : `${actor.name}'s`;
      offers.push(...carryOut(queue, whose));
    }
  }
  const { fault } = shape;
  if (isFaultSpent || fault.type !== "commit answer lost" || !writing.first?.isCommit)
    return offers;
  const isApplied = writing.first.answer !== undefined;
  if (isApplied && fault.commit === "not applied") return offers;
  const run = (): void => {
    world.isFaultSpent = true;
    writing.lose(fault.commit);
  };
  return [...offers, { name: `${actor.name} loses an answer to commit`, actor, run }];
}

function carryOut(queue: DiskQueue, whose: string): readonly Offer[] {
  const { next } = queue;
  if (next === undefined) return [];
  const name = `the disk carries out ${whose} ${next.what}`;
  return [{ name, run: () => queue.carryOut() }];
}

/** `isQuiet`: nothing else can happen, so that what must come comes now. */
function suddenIn(world: SmallWorld, isQuiet: boolean): readonly Offer[] {
  const { fresh, links, isFaultSpent } = world;
  const offers: Offer[] = [];
  for (const link of links) {
    const { id, node, worker } = link;
    if (link.nodeWillHear && (isQuiet || fresh.has(node))) {
      const name = `${node.name} learns that ${id} is gone`;
      offers.push({ name, actor: node, run: () => link.nodeHears() });
    }
    if (link.workerWillHear && (isQuiet || fresh.has(worker))) {
      const name = `${worker.name} learns that ${id} is cut`;
      offers.push({ name, actor: worker, run: () => world.reconnect(worker) });
    }
  }
  if (!isFaultSpent) offers.push(...faultsIn(world));
  return offers.filter(({ actor }) => actor?.process.isAlive);
}

function faultsIn(world: SmallWorld): readonly Offer[] {
  const { fresh, shape, node, workers } = world;
  const { fault } = shape;
  const victim = "worker" in fault ? workers[fault.worker - 1] : undefined;
  const isNodeFresh = fresh.has(node.actor);
  const isWorkerFresh = victim !== undefined && fresh.has(victim.actor);
  const { actor } = node;
  switch (fault.type) {
    case "node crash":
      return isNodeFresh ? [{ name: "the node crashes", actor, run: () => world.crashNode() }] : [];
    case "lease end":
      return isNodeFresh
        ? [{ name: "the node's clock leaps", actor, run: () => world.leap() }]
        : [];
    case "worker crash": {
      if (!isWorkerFresh) return [];
      const run = (): void => world.crashWorker(victim, fault.isNoticed);
      return [{ name: `${victim.actor.name} crashes`, actor: victim.actor, run }];
    }
    case "cut":
      return victim === undefined ? [] : cutsOf(world, victim, isNodeFresh, isWorkerFresh);
    default:
      return [];
  }
}

/** A cut is where one of the ends learns of it; nobody can tell it from one before. */
function cutsOf(
  world: SmallWorld,
  { actor: worker, link }: WorkerLife,
  isNodeFresh: boolean,
  isWorkerFresh: boolean,
): readonly Offer[] {
  if (link === undefined) return [];
  const { id, node } = link;
  const offers: Offer[] = [];
  if (isNodeFresh) {
    const run = (): void => {
      world.cut(link);
      link.nodeHears();
    };
    offers.push({ name: `cut: ${node.name} learns that ${id} is gone`, actor: node, run });
  }
  if (isWorkerFresh) {
    const run = (): void => {
      world.cut(link);
      world.reconnect(worker);
    };
    offers.push({ name: `cut: ${worker.name} learns that ${id} is cut`, actor: worker, run });
  }
  return offers;
}
