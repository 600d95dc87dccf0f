/** Every verb from a node that does not have what it is about; partitions that move meanwhile. */
import {
  keyStream,
  partitionOf,
  runId as idAt,
  runStream,
  scheduleStream,
  topicStream,
  type Journal,
  type KeyRef,
  type PerdureError,
  type RunId,
  type RunSpec,
  type ScheduleSpec,
  type StreamId,
} from "@perdure/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineClient } from "../client.ts";
import { within } from "../client/within.ts";
import { ClusterRig, type ClusterNode } from "../testing/cluster.test-support.ts";
import { Loopback } from "../testing/loopback.test-support.ts";
import { text, textOf } from "../testing/payloads.test-support.ts";
import { sleeps, three, waits } from "../testing/scripts.test-support.ts";
import type { Asked } from "./asking.ts";
import { ways } from "./ways.ts";

const scripts = { three, waits, sleeps };
const base = { namespace: "test", queue: "main", input: text("") };

class Cluster {
  readonly rig: ClusterRig;
  readonly net: Loopback;
  readonly nodes: ClusterNode[] = [];

  constructor(partitions = 6) {
    let net!: Loopback;
    this.rig = new ClusterRig(partitions, (env) => (net = new Loopback(env)));
    this.net = net;
  }

  static async of(...names: string[]): Promise<Cluster> {
    const cluster = new Cluster();
    for (const name of names) {
      const node = await cluster.rig.open(name);
      node.worker({ scripts, id: `at-${name}` });
      cluster.nodes.push(node);
    }
    await cluster.settle();
    return cluster;
  }

  get env(): ClusterRig["env"] {
    return this.rig.env;
  }

  async settle(): Promise<void> {
    await this.env.pass(3_000);
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.env.run(promise);
  }

  async nodeOf(stream: Parameters<typeof partitionOf>[0]): Promise<ClusterNode> {
    const owners = await this.rig.owners();
    return this.rig.nodes.get(owners[partitionOf(stream, owners.length)]!)!;
  }

  /** A name whose stream the node has. */
  async nameAt(node: ClusterNode, streamOf: (name: string) => StreamId): Promise<string> {
    for (let n = 0; ; n++) {
      if ((await this.nodeOf(streamOf(`n${n}`))) === node) return `n${n}`;
    }
  }

  /** A key whose partition the node has. */
  async keyAt(node: ClusterNode, kind = "workflow"): Promise<KeyRef> {
    const keyOf = (id: string): KeyRef => ({ namespace: "test", kind, id });
    return keyOf(await this.nameAt(node, (id) => keyStream(keyOf(id))));
  }

  async runAt(node: ClusterNode, workflow = "waits"): Promise<RunId> {
    const { runId } = await this.run(node.engine.start({ ...base, workflow }));
    const isThere = (await this.nodeOf(runStream(runId))) === node;
    return isThere ? runId : this.runAt(node, workflow);
  }

  signal(client: EngineClient, runId: RunId, word = "on"): Promise<void> {
    return this.run(client.signal({ runId }, { name: "go", payload: text(word) }));
  }

  /** Of an open run whose key the node `keyed` has, and which is to lie at `node` itself. */
  async journalFor(node: ClusterNode, keyed: ClusterNode, kind: string): Promise<Journal> {
    const key = await this.keyAt(keyed, kind);
    for (let slot = 0; ; slot++) {
      const id = idAt(this.env.now(), slot, "0123456789abcdef");
      if ((await this.nodeOf(runStream(id))) !== node) continue;
      const spec: RunSpec = { ...base, runId: id, workflow: "waits", key, mode: "single" };
      return { spec, events: [{ kind: "run.started", seq: 1, at: this.env.now(), spec }] };
    }
  }

  /** What this node has asked the other one by name since the last look. */
  asked(from: string, to: string): string[] {
    return this.net.heard.splice(0).flatMap(({ message, ...way }) => {
      if (way.from !== from || way.to !== to || message.type !== "call") return [];
      return (message.body as Asked).verb;
    });
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await this.run(node.engine.close());
  }
}

describe("a call at a node that does not have what it is about", () => {
  let cluster: Cluster;
  let near: ClusterNode;
  let far: ClusterNode;
  const place = {} as {
    runId: RunId;
    done: RunId;
    key: KeyRef;
    event: string;
    schedule: ScheduleSpec;
    journal: Journal;
  };

  beforeAll(async () => {
    cluster = await Cluster.of("a", "b");
    [near, far] = cluster.nodes as [ClusterNode, ClusterNode];
    place.runId = await cluster.runAt(far);
    place.done = await cluster.runAt(far, "three");
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
    await cluster.run(keyedState.clear(entry(), "color"));
    expect((await cluster.run(keyedState.entries(entry()))).size).toBe(0);
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
