import { expect, test } from "vitest";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import type { Demand } from "../workers/demand.ts";
import type { PeerChannel } from "./peer-channel.ts";
import { Wants } from "./wants.ts";

const demand: Demand = { kind: "task", namespace: "test", queue: "main", name: "work", count: 1 };

interface Scene {
  wants: readonly Demand[];
  isWaiting: boolean;
  readonly told: (readonly Demand[])[];
}

function wantsOf(env: VirtualEnv, scene: Scene): Wants {
  const channel = {
    tell: (_: string, body: { readonly wants: readonly Demand[] }) => scene.told.push(body.wants),
  } as unknown as PeerChannel;
  return new Wants({
    env,
    demand: () => scene.wants,
    isWaiting: () => scene.isWaiting,
    channels: () => [channel],
    heard: () => 0,
    soonMs: 5,
    pauseMs: 50,
    againMs: 500,
  });
}

test("what waited for its turn is asked for when the worker that it waited with is gone", async () => {
  const env = new VirtualEnv();
  const scene: Scene = { wants: [], isWaiting: true, told: [] };
  wantsOf(env, scene).stir();
  await env.pass(600);
  expect(scene.told).toEqual([]);
  // Nobody stirs: a worker has left, and what waits is the same.
  scene.wants = [demand];
  await env.pass(600);
  expect(scene.told).toEqual([[demand]]);
});

test("what waits is told again and again, and at last that nothing does", async () => {
  const env = new VirtualEnv();
  const scene: Scene = { wants: [demand], isWaiting: true, told: [] };
  wantsOf(env, scene).stir();
  await env.pass(1_200);
  expect(scene.told).toEqual([[demand], [demand], [demand]]);
  Object.assign(scene, { wants: [], isWaiting: false });
  await env.pass(5_000);
  expect(scene.told.slice(3)).toEqual([[]]);
  expect(env.pendingTimers).toBe(0);
});
