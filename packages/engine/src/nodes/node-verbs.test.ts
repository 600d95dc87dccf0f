import { runId as idAt, type RunEvent, type RunId } from "@perdure/kernel";
import { expect, test } from "vitest";
import type { EngineClient } from "../client.ts";
import type { Desk } from "../client/desk.ts";
import type { KeyedStateVerbs } from "../client/keyed-state.ts";
import type { KeyVerbs } from "../client/keys.ts";
import { FakeOwners } from "../testing/loopback.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";
import { nodeVerbs } from "./node-verbs.ts";

const runId = idAt(0, 0, "0123456789abcdef");

function eventsOf(count: number, bytes = 0): readonly RunEvent[] {
  return Array.from({ length: count }, (_, i) => {
    const value = { encoding: "raw", data: new Uint8Array(bytes) };
    return { kind: "value.recorded", seq: i + 1, at: 0, key: "k", ordinal: 1, value };
  });
}

/** A node whose run has these events; `heard` come while it is being described. */
function verbsOf(journal: readonly RunEvent[], heard: readonly RunEvent[] = []) {
  const env = new VirtualEnv();
  const client = {
    watch: (_: RunId, listener: (events: readonly RunEvent[]) => void) => {
      for (const event of heard) listener([event]);
      return () => undefined;
    },
    describe: () => Promise.resolve({ seq: journal.length }),
    journal: (_: RunId, from: number, limit: number) =>
      Promise.resolve(journal.slice(from - 1, from - 1 + limit)),
  } as unknown as EngineClient;
  const owners = new FakeOwners();
  owners.become([], ["here"]);
  const desk = { env, partitions: [{}] } as unknown as Desk;
  const verbs = nodeVerbs({
    desk,
    owners,
    client,
    keyed: {} as KeyedStateVerbs,
    keys: {} as KeyVerbs,
  });
  return { env, owners, verbs };
}

test("a run stands before what has come since it was asked for", async () => {
  const journal = eventsOf(9);
  expect(await verbsOf(journal).verbs.follow(runId)).toEqual({ events: [], seq: 9 });
  const { verbs } = verbsOf(journal, journal.slice(7));
  expect(await verbs.follow(runId)).toEqual({ events: [], seq: 7 });
});

test("following ends when the run is no longer here", async () => {
  const { env, owners, verbs } = verbsOf(eventsOf(3));
  const before = env.now();
  const followed = verbs.follow(runId, 3);
  await env.still();
  owners.become([], [undefined]);
  expect(await env.run(followed)).toEqual({ events: [], seq: 3 });
  expect(env.now()).toBe(before);
  expect(env.pendingTimers).toBe(0);
});

test("following ends without news after a while", async () => {
  const { env, verbs } = verbsOf(eventsOf(3));
  expect(await env.run(verbs.follow(runId, 3))).toEqual({ events: [], seq: 3 });
  expect(env.pendingTimers).toBe(0);
});

test("a journal is handed over in pages that a message can hold", async () => {
  const many = verbsOf(eventsOf(1_200)).verbs;
  expect(await many.page(runId, 1)).toHaveLength(500);
  expect(await many.page(runId, 1_001)).toHaveLength(200);
  const large = verbsOf(eventsOf(10, 2_000_000)).verbs;
  expect(await large.page(runId, 1)).toHaveLength(2);
  const huge = verbsOf(eventsOf(2, 9_000_000)).verbs;
  expect((await huge.page(runId, 2)).map(({ seq }) => seq)).toEqual([2]);
});
