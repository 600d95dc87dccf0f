import { MemoryStore } from "@perdure/store";
import { describe, expect, test } from "vitest";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { noNetwork } from "./solitude.ts";
import { Membership } from "./membership.ts";
import { termsOf } from "./node-options.ts";

interface Scene {
  readonly env: VirtualEnv;
  readonly membership: Membership;
  readonly beats: number[];
  readonly lapses: number[];
  /** While it is set the store does not answer. */
  isDeaf: boolean;
}

async function begin(onView: (scene: Scene) => void = () => undefined): Promise<Scene> {
  const env = new VirtualEnv();
  const store = new MemoryStore();
  const terms = termsOf(
    {
      address: "a",
      version: "1",
      network: noNetwork,
      leaseMs: 2_000,
      beatMs: 500,
      marginMs: 250,
    },
    () => "a",
  );
  const beat = store.beat.bind(store);
  store.beat = (...args) => {
    scene.beats.push(env.monotonic());
    return scene.isDeaf ? new Promise(() => undefined) : beat(...args);
  };
  const membership = new Membership({
    store,
    database: 0,
    env,
    terms,
    onView: () => onView(scene),
    onLapse: () => void scene.lapses.push(env.monotonic()),
  });
  const scene: Scene = { env, membership, beats: [], lapses: [], isDeaf: false };
  await env.run(membership.start());
  return scene;
}

describe("a node's membership", () => {
  test("ends before anybody may take it for dead, counted from the start of its last beat (B2)", async () => {
    const scene = await begin();
    const { env, membership, beats, lapses } = scene;
    await env.pass(1_200);
    scene.isDeaf = true;
    await env.pass(4_000);
    const answered = beats.at(-2) ?? 0;
    expect(lapses).toEqual([answered + 2_000 - 250]);
    expect(membership.isWithinLease).toBe(false);
    membership.halt();
  });

  test("is looked at as often as anybody asks, but the store is not asked each time", async () => {
    const { env, membership, beats } = await begin(({ membership: mine }) => mine.look());
    const before = beats.length;
    await env.pass(1_000);
    expect(beats.length - before).toBeGreaterThan(5);
    expect(beats.length - before).toBeLessThanOrEqual(1_000 / 50 + 1);
    membership.halt();
  });
});
