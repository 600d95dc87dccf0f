/** Every verb, from a node that does not have what it is about. */
import {
  runId as idAt,
  runStream,
  scheduleStream,
  topicStream,
  type Journal,
  type KeyRef,
  type PerdureError,
  type RunId,
  type ScheduleSpec,
} from "@perdure/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineClient } from "../client.ts";
import { within } from "../client/within.ts";
import type { ClusterNode } from "../testing/cluster.test-support.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { base, TalkingCluster } from "../testing/talking-cluster.test-support.ts";
import { ways } from "./ways.ts";

describe("a call at a node that does not have what it is about", () => {
  let cluster: TalkingCluster;
  let near: ClusterNode;
  let far: ClusterNode;
  const place = {} as {
    runId: RunId;
    done: RunId;
    over: RunId;
    key: KeyRef;
    event: string;
    schedule: ScheduleSpec;
    journal: Journal;
  };

  beforeAll(async () => {
    cluster = await TalkingCluster.of("a", "b");
    [near, far] = cluster.nodes as [ClusterNode, ClusterNode];
    place.runId = await cluster.runAt(far);
    place.done = await cluster.runAt(far, "three");
    place.over = await cluster.runAt(far, "three");
    place.key = await cluster.keyAt(far);
    place.event = await cluster.nameAt(far, (name) => topicStream("test", name));
    place.schedule = {
      ...base,
      id: await cluster.nameAt(far, (name) => scheduleStream("test", name)),
      workflow: "three",
      when: [{ type: "interval", everyMs: 3_600_000 }],
      policy: { overlap: "skip", catchUpMs: 60_000, jitterMs: 0, pauseOnFailure: false },
    };
    place.journal = await cluster.journalFor(far, far, "imported");
    await cluster.run(far.engine.start({ ...base, workflow: "waits", key: place.key }));
    await cluster.env.pass(100);
  });

  afterAll(() => cluster.close());

  const item = { workflow: "three", queue: "main", input: text("") };
  const entry = (): KeyRef => ({ ...place.key, kind: "workflow" });

  /** About what lies elsewhere, in an order in which each finds something. */
  const calls: { readonly [V in keyof EngineClient]: () => Parameters<EngineClient[V]> } = {
    start: () => [{ ...base, workflow: "three", key: place.key }],
    startMany: () => ["test", [{ ...item, key: place.key }]],
    signal: () => [{ runId: place.runId }, { name: "other" }],
    query: () => [{ key: place.key }, "seen", text("")],
    update: () => [{ runId: place.runId }, "set", text("5")],
    pause: () => [place.runId, "a moment"],
    resume: () => [place.runId],
    repin: () => [place.runId, "2"],
    fork: () => [{ runId: place.runId, at: 1 }],
    importRun: () => ["test", place.journal],
    outcome: () => [place.done],
    watch: () => [place.runId, () => undefined],
    lookup: () => [place.key],
    describe: () => [place.runId],
    journal: () => [place.runId],
    why: () => [place.runId],
    whyKey: () => [place.key],
    putSchedule: () => [place.schedule],
    whySchedule: () => ["test", place.schedule.id],
    describeSchedule: () => ["test", place.schedule.id],
    pauseSchedule: () => ["test", place.schedule.id, "a while"],
    resumeSchedule: () => ["test", place.schedule.id],
    triggerSchedule: () => ["test", place.schedule.id],
    backfillSchedule: () => ["test", place.schedule.id, 0, 1],
    listSchedules: () => ["test"],
    deleteSchedule: () => ["test", place.schedule.id],
    setTrigger: () => ["test", place.event, { id: "t", workflow: "three", queue: "main" }],
    publish: () => ["test", place.event, { payload: text("") }],
    removeTrigger: () => ["test", place.event, "t"],
    workers: () => ["test"],
    versions: () => ["test"],
    list: () => [{ namespace: "test", limit: 10 }],
    count: () => [{ namespace: "test" }],
    cancel: () => [{ key: place.key }],
    terminate: () => [place.runId],
    purge: () => [place.over],
  };
  const crossed = new Set<string>();

  test.each(Object.keys(calls) as (keyof EngineClient)[])("%s crosses", async (verb) => {
    cluster.asked("a", "b");
    const call = near.engine.as("ann")[verb] as (...args: unknown[]) => unknown;
    const answer = call(...calls[verb]());
    await (verb === "watch" ? cluster.env.pass(10) : cluster.run(answer as Promise<unknown>));
    if (verb === "watch") (answer as () => void)();
    const asked = cluster.asked("a", "b");
    expect(asked).not.toEqual([]);
    for (const name of asked) crossed.add(name);
  });

  test("and so does the state under a key", async () => {
    const { keyedState } = near.engine;
    await cluster.run(keyedState.write(entry(), "color", text("red")));
    expect(textOf((await cluster.run(keyedState.entries(entry()))).get("color")!)).toBe("red");
    const { keys } = near.engine;
    expect((await cluster.run(keys.view(entry()))).entries).toHaveLength(1);
    // A run holds it.
    const replaced = cluster.run(keys.replace(entry(), [["color", text("blue")]]));
    await expect(replaced).rejects.toMatchObject({ code: "conflict" });
    await cluster.run(keyedState.clear(entry(), "color"));
    expect((await cluster.run(keyedState.entries(entry()))).size).toBe(0);
    for (const name of cluster.asked("a", "b")) crossed.add(name);
  });

  test("and the question under which key a run is", async () => {
    expect(await cluster.run(near.engine.keyOf(place.runId))).toEqual(
      await cluster.run(far.engine.keyOf(place.runId)),
    );
    for (const name of cluster.asked("a", "b")) crossed.add(name);
  });

  test("that is every verb with a home", () => {
    expect([...crossed]).toEqual(expect.arrayContaining(Object.keys(ways)));
  });

  test("the name of whoever asks is in the journal at its owner", async () => {
    const events = await cluster.run(far.engine.journal(place.runId));
    expect(
      events.filter((event) => "by" in event && event.by === "ann").map(({ kind }) => kind),
    ).toEqual(expect.arrayContaining(["run.paused", "run.resumed", "run.terminated"]));
  });

  test("answers are the same at every node", async () => {
    for (const verb of ["describe", "journal", "why", "outcome"] as const) {
      const [one, other] = await Promise.all([
        cluster.run<unknown>(near.engine[verb](place.done)),
        cluster.run<unknown>(far.engine[verb](place.done)),
      ]);
      expect(one).toEqual(other);
    }
  });

  test("errors come with what their owner says", async () => {
    const unknown = idAt(0, 1, "0123456789abcdef");
    const owner = await cluster.nodeOf(runStream(unknown));
    const other = cluster.nodes.find((node) => node !== owner)!;
    const errors = await Promise.all(
      [owner, other].map(({ engine }) =>
        cluster.run(engine.describe(unknown).catch((error: unknown) => error)),
      ),
    );
    expect(errors[1]).toMatchObject({ code: "not-found", retry: "never" });
    expect((errors[1] as PerdureError).message).toBe((errors[0] as PerdureError).message);
  });

  test("walls stand before the router: a foreign run is not there", async () => {
    const walled = within(near.engine, { namespace: "other" });
    await expect(cluster.run(walled.describe(place.runId))).rejects.toMatchObject({
      code: "not-found",
    });
  });
});
