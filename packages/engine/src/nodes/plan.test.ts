import fc from "fast-check";
import type { ClusterView, NodeRecord } from "@perdure/store";
import { describe, expect, test } from "vitest";
import { planFor } from "./plan.ts";

const names = ["a", "b", "c", "d", "e"];

interface Scene {
  readonly view: ClusterView;
  readonly dead: ReadonlySet<string>;
}

const scenes: fc.Arbitrary<Scene> = fc
  .record({
    present: fc.subarray(names, { minLength: 1 }),
    leaving: fc.subarray(names),
    dead: fc.subarray(names),
    owners: fc.array(fc.option(fc.constantFrom(...names, "stranger"), { nil: undefined }), {
      minLength: 1,
      maxLength: 20,
    }),
  })
  .map(({ present, leaving, dead, owners }) => {
    const nodes = present.map((id) => node(id, leaving.includes(id)));
    const partitions = owners.map((owner, partition) => {
      return owner === undefined ? { partition, epoch: 1 } : { partition, epoch: 1, owner };
    });
    return { view: { nodes, partitions }, dead: new Set(dead) };
  });

describe("the plan of who has which partition", () => {
  test("is reached in a few rounds, gives every partition one owner, and is even", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const staying = stayingOf(scene);
        fc.pre(staying.length > 0);
        const { partitions } = settle(scene);
        const counts = staying.map((id) => partitions.filter(({ owner }) => owner === id).length);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(partitions.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("gives no partition to two nodes, and takes none that a living node has", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const taken = stayingOf(scene).flatMap((id) => plan(scene, id).take);
        expect(new Set(taken).size).toBe(taken.length);
        for (const partition of taken) {
          const { owner } = scene.view.partitions[partition] ?? {};
          expect(owner === undefined || !isAlive(scene)(owner)).toBe(true);
        }
      }),
    );
  });

  test("moves nothing that it need not: a node gives only what another has too few of", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const staying = stayingOf(scene);
        fc.pre(staying.length > 0);
        const before = scene.view.partitions;
        const after = settle(scene).partitions;
        const share = Math.floor(before.length / staying.length);
        for (const id of staying) {
          const had = before.filter(({ owner }) => owner === id).map(({ partition }) => partition);
          const kept = had.filter((partition) => after[partition]?.owner === id);
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(had.length, share));
        }
      }),
    );
  });

  test("a node that leaves gives everything, but not to nobody", () => {
    const view = viewOf([node("a", true), node("b", false)], ["a", "a", "b", "b"]);
    expect(planFor("a", view, () => true)).toEqual({ take: [], give: [0, 1] });
    expect(planFor("b", view, () => true)).toEqual({ take: [], give: [] });
    const alone = viewOf([node("a", true)], ["a", "a"]);
    expect(planFor("a", alone, () => true).give).toEqual([]);
  });

  test("a node that dies leaves its partitions to the others, and theirs stay where they are", () => {
    const view = viewOf(
      [node("a"), node("b"), node("c")],
      ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    );
    const alive = (id: string): boolean => id !== "c";
    expect(planFor("a", view, alive)).toEqual({ take: [6, 7], give: [] });
    expect(planFor("b", view, alive)).toEqual({ take: [8], give: [] });
  });
});

function plan({ view, dead }: Scene, id: string) {
  return planFor(id, view, (other) => isAlive({ view, dead })(other));
}

function isAlive({ view, dead }: Scene): (id: string) => boolean {
  return (id) => view.nodes.some((known) => known.id === id) && !dead.has(id);
}

function stayingOf(scene: Scene): string[] {
  const { nodes } = scene.view;
  return nodes.filter((one) => !one.isLeaving && isAlive(scene)(one.id)).map(({ id }) => id);
}

/** All living nodes carry out their plans, again and again, until nothing changes. */
function settle({ view, dead }: Scene): ClusterView {
  let now = view;
  for (let round = 0; round < 6; round++) {
    const owners = now.partitions.map(({ owner }) => owner);
    for (const { id } of now.nodes) {
      if (dead.has(id)) continue;
      const { take, give } = plan({ view: now, dead }, id);
      for (const partition of give) owners[partition] = undefined;
      for (const partition of take) owners[partition] = id;
    }
    now = viewOf(now.nodes, owners);
  }
  return now;
}

function viewOf(
  nodes: readonly NodeRecord[],
  owners: readonly (string | undefined)[],
): ClusterView {
  const partitions = owners.map((owner, partition) => {
    return owner === undefined ? { partition, epoch: 1 } : { partition, epoch: 1, owner };
  });
  return { nodes, partitions };
}

function node(id: string, isLeaving = false): NodeRecord {
  return { id, address: id, version: "1", startedAt: 0, beat: 1, isLeaving };
}
