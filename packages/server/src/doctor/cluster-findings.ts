/** What is odd about the nodes that share a store, and about its partitions. */
import type { ClusterReport, NodeView, PartitionView } from "@perdure/engine";
import type { Finding } from "./doctor.ts";

/** Partitions that are named one by one. */
const NAMED = 8;
/** No commit should take so long. */
const COMMIT_MS = 5_000;

export function* clusterFindings({
  nodes,
  partitions,
  databases,
}: ClusterReport): Generator<Finding> {
  for (const { database, beatAgeMs, isWithinLease } of databases) {
    if (isWithinLease) continue;
    const what = `database ${database} has not heard this node for ${Math.round(beatAgeMs / 1_000)} s`;
    const advice = "look at it and at the way to it: its partitions come back by themselves";
    yield { level: "problem", what, advice };
  }
  for (const node of nodes) yield* nodeFindings(node);
  const versions = new Set(nodes.filter(({ isAlive }) => isAlive).map(({ version }) => version));
  if (versions.size > 1) {
    const what = `the nodes run ${versions.size} versions: ${[...versions].join(", ")}`;
    yield {
      level: "note",
      what,
      advice: "go on with the upgrade: `perdure nodes` shows who is left",
    };
  }
  const living = new Set(nodes.filter(({ isAlive }) => isAlive).map(({ id }) => id));
  const orphans = nodes.length === 0 ? [] : partitions.filter(({ owner }) => !isIn(living, owner));
  if (orphans.length > 0) {
    const what = `${named(orphans)} ${orphans.length === 1 ? "is" : "are"} at no node that lives`;
    const advice = "a living node takes them within a lease: look at its log if it stays so";
    yield { level: "problem", what, advice };
  }
  const slow = partitions.filter(({ oldestCommitMs = 0 }) => oldestCommitMs > COMMIT_MS);
  if (slow.length > 0) {
    const longest = Math.max(...slow.map(({ oldestCommitMs = 0 }) => oldestCommitMs));
    const what = `a commit has been on its way for ${Math.round(longest / 1_000)} s, of ${named(slow)}`;
    yield {
      level: "problem",
      what,
      advice: "look at the database that has them, and at its locks",
    };
  }
  const late = partitions.filter(({ lateAlarms = 0 }) => lateAlarms > 0);
  if (late.length > 0) {
    const alarms = late.reduce((sum, { lateAlarms = 0 }) => sum + lateAlarms, 0);
    const what = `${alarms} timers are late, of ${named(late)}`;
    yield { level: "warning", what, advice: "give the nodes that have them more of a processor" };
  }
}

function* nodeFindings(node: NodeView): Generator<Finding> {
  const { id, address, isAlive, isReachable, isLeaving, beatAgeMs, partitions } = node;
  const who = `node ${id}${address === "" ? "" : ` at ${address}`}`;
  if (!isAlive) {
    const what = `${who} has given no sign of life for ${Math.round(beatAgeMs / 1_000)} s`;
    const advice = "start it again; what it had is with the others";
    yield { level: partitions > 0 ? "problem" : "warning", what, advice };
  } else if (!isReachable) {
    const what = `${who} lives, and this node cannot talk to it`;
    const advice = "look at the network between them, at node.advertise, and at both secrets";
    yield { level: "problem", what, advice };
  } else if (isLeaving) {
    yield { level: "note", what: `${who} is leaving, and has ${partitions} partitions yet` };
  }
}

function isIn(living: ReadonlySet<string>, owner: string | undefined): boolean {
  return owner !== undefined && living.has(owner);
}

function named(partitions: readonly PartitionView[]): string {
  const numbers = partitions.slice(0, NAMED).map(({ partition }) => partition);
  const more = partitions.length - numbers.length;
  const list = `${numbers.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return `${partitions.length === 1 ? "partition" : "partitions"} ${list}`;
}
