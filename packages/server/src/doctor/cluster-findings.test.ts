import type { NodeView, PartitionView } from "@perdure/engine";
import { expect, test } from "vitest";
import { clusterFindings } from "./cluster-findings.ts";

const node: NodeView = {
  id: "a",
  address: "10.0.0.1:7400",
  version: "1.0.0",
  startedAt: 0,
  beatAgeMs: 100,
  isSelf: true,
  isAlive: true,
  isLeaving: false,
  isReachable: true,
  partitions: 2,
};
const owned = (partition: number, more: Partial<PartitionView> = {}): PartitionView => {
  return { partition, database: 0, epoch: 1, owner: "a", ...more };
};

function found(nodes: readonly NodeView[], partitions: readonly PartitionView[]): string {
  return [...clusterFindings({ self: "a", nodes, partitions, databases: [] })]
    .map(({ level, what }) => `${level}: ${what}`)
    .join("\n");
}

test("a cluster that is well has nothing to be told, and neither has an engine that is alone", () => {
  expect(found([node, { ...node, id: "b" }], [owned(0), owned(1)])).toBe("");
  const alone = { partition: 0, database: 0, epoch: 1, commitsInFlight: 1, oldestCommitMs: 4 };
  expect([...clusterFindings({ nodes: [], partitions: [alone], databases: [] })]).toEqual([]);
});

test.each<[string, Partial<NodeView>, string]>([
  ["is dead", { isAlive: false, beatAgeMs: 9_000 }, "no sign of life for 9 s"],
  ["cannot be talked to", { isReachable: false }, "cannot talk to it"],
  ["leaves", { isLeaving: true }, "note: node b at 10.0.0.1:7400 is leaving"],
  ["is of another version", { version: "1.1.0" }, "2 versions: 1.0.0, 1.1.0"],
])("a node that %s is told of", (_, change, says) => {
  expect(found([node, { ...node, id: "b", isSelf: false, ...change }], [owned(0)])).toContain(says);
});

test.each<[string, Partial<PartitionView>, string]>([
  ["is at a node that is gone", { owner: "c" }, "problem: partition 7 is at no node that lives"],
  ["has timers that are late", { lateAlarms: 3 }, "warning: 3 timers are late, of partition 7"],
  ["has a commit that hangs", { oldestCommitMs: 6_000 }, "on its way for 6 s, of partition 7"],
])("a partition that %s is told of", (_, change, says) => {
  expect(found([node], [owned(0), owned(7, change)])).toContain(says);
});

test("of many partitions some are named", () => {
  const many = Array.from({ length: 20 }, (_, n) => owned(n, { owner: "gone" }));
  expect(found([node], many)).toContain("partitions 0, 1, 2, 3, 4, 5, 6, 7 and 12 more are at no");
});
