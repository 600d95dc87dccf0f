import { expect, test } from "vitest";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { ClusterRig } from "../testing/cluster.test-support.ts";
import { NOWHERE, noNetwork } from "./solitude.ts";

const alone = { address: NOWHERE, network: noNetwork };

/** Opens it while time passes. */
async function opened(rig: ClusterRig, name: string, options = {}): Promise<ClusterNode | Error> {
  const opening = rig.open(name, options).catch((error: unknown) => error as Error);
  await rig.env.pass(5_000);
  return opening;
}

test("a node that talks to nobody has its store for itself", async () => {
  const rig = new ClusterRig(4);
  const a = (await opened(rig, "a", alone)) as ClusterNode;
  expect(await rig.owners()).toEqual(["a", "a", "a", "a"]);
  for (const options of [alone, {}]) {
    const error = await opened(rig, "b", options);
    const message: unknown = expect.stringMatching(/node\.listen/);
    expect(error).toMatchObject({ code: "store-busy", message });
  }
  await rig.env.pass(1_000);
  expect(await rig.owners()).toEqual(["a", "a", "a", "a"]);
  expect(a.stopped).toBeUndefined();
  const { nodes } = await rig.env.run(a.engine.cluster());
  expect(nodes.map(({ id }) => id)).toEqual(["a"]);
});

test("it does not start where nodes share the store", async () => {
  const rig = new ClusterRig(4);
  await opened(rig, "a");
  expect(await opened(rig, "b", alone)).toMatchObject({ code: "store-busy" });
  expect(await rig.owners()).toEqual(["a", "a", "a", "a"]);
});

test("of two that start at once, one stays", async () => {
  for (const names of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    const rig = new ClusterRig(4);
    const all = await Promise.all(names.map((name) => opened(rig, name, alone)));
    expect(all.filter((one) => one instanceof Error)).toHaveLength(1);
    await rig.env.pass(5_000);
    expect(new Set(await rig.owners())).toEqual(new Set(["a"]));
  }
});

test("after one has died the next has to wait for its lease, and after one that has left for nobody", async () => {
  const rig = new ClusterRig(4);
  const a = (await opened(rig, "a", alone)) as ClusterNode;
  await a.kill();
  const b = (await opened(rig, "b", alone)) as ClusterNode;
  await rig.env.pass(2_000);
  expect(await rig.owners()).toEqual(["b", "b", "b", "b"]);
  await rig.env.run(b.engine.close());
  const c = (await opened(rig, "c")) as ClusterNode;
  expect(c.engine.stats().partitionsOpen).toBe(4);
});
