import { expect, test } from "vitest";
import { MemoryStore } from "@perdure/store";
import { createCalendar } from "../calendar.ts";
import { Engine } from "../engine.ts";
import { ClusterRig } from "../testing/cluster.test-support.ts";
import { Loopback } from "../testing/loopback.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";

async function twoNodes() {
  let net: Loopback | undefined;
  const rig = new ClusterRig(4, (env) => (net = new Loopback(env)));
  const [a, b] = [await rig.open("a"), await rig.open("b", { version: "1.1.0" })];
  await rig.env.pass(3_000);
  return { rig, a, b, net: net! };
}

test("any node tells of all nodes and of what each has", async () => {
  const { rig, a, b } = await twoNodes();
  for (const node of [a, b]) {
    const { self, nodes, partitions } = await rig.env.run(node.engine.cluster());
    expect(self).toBe(node.name);
    expect(nodes).toMatchObject([
      { id: "a", version: "1.0.0", partitions: 2, isAlive: true, isReachable: true },
      { id: "b", version: "1.1.0", partitions: 2, isAlive: true, isReachable: true },
    ]);
    expect(nodes.map(({ isSelf }) => isSelf)).toEqual([node === a, node === b]);
    expect(nodes.every(({ beatAgeMs }) => beatAgeMs < 1_100)).toBe(true);
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3]);
    for (const one of partitions) {
      expect(one).toMatchObject({ database: 0, queued: 0, commitsInFlight: 0, lateAlarms: 0 });
      expect(one.oldestCommitMs).toBe(0);
      expect(one.openedAt).toBeGreaterThan(0);
      expect(one.epoch).toBeGreaterThan(0);
    }
    expect(new Set(partitions.map(({ owner }) => owner))).toEqual(new Set(["a", "b"]));
  }
});

test("of a node that cannot be asked it is told what the store says", async () => {
  const { rig, a, b, net } = await twoNodes();
  net.halted.add("a>b").add("b>a");
  net.cut("a", "b");
  await rig.env.pass(1_000);
  const { nodes, partitions } = await rig.env.run(a.engine.cluster());
  expect(nodes).toMatchObject([{ isReachable: true }, { isReachable: false, isAlive: true }]);
  for (const { owner, queued } of partitions) expect(queued).toBe(owner === "a" ? 0 : undefined);
  expect(a.engine.stats().node).toMatchObject({ nodes: 2, peers: 0, partitionsReached: 2 });
  b.freeze();
  await rig.env.pass(2_600);
  const later = await rig.env.run(a.engine.cluster());
  expect(later.nodes[1]).toMatchObject({ isAlive: false, partitions: 0 });
  expect(later.nodes[1]!.beatAgeMs).toBeGreaterThan(2_000);
  expect(a.engine.stats()).toMatchObject({ partitionsOpen: 4, node: { partitionsReached: 4 } });
});

test("an engine that is alone has no nodes, and all partitions", async () => {
  const env = new VirtualEnv();
  const store = new MemoryStore();
  const engine = await env.run(Engine.open({ store, env, calendar: createCalendar() }));
  const { self, nodes, partitions } = await engine.cluster();
  expect(self).toBeUndefined();
  expect(nodes).toEqual([]);
  expect(partitions).toHaveLength(engine.partitions);
  expect(partitions[0]).toMatchObject({ partition: 0, epoch: 1, commitsInFlight: 0 });
  expect(engine.stats()).toMatchObject({ partitionsOpen: engine.partitions });
});
