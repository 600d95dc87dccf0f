import { PerdureError, type Journal, type RunId } from "@perdure/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EngineClient } from "./client.ts";
import { within } from "./client/within.ts";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";

interface Place {
  readonly namespace: string;
  readonly runId: RunId;
}

const policy = { overlap: "skip", catchUpMs: 0, jitterMs: 0, pauseOnFailure: false } as const;
const listener = (): void => undefined;
const keyIn = ({ namespace }: Place) => ({ namespace, kind: "workflow", id: "k" });

const journalOf = (namespace: string): Journal => {
  const runId = "018bcfe5-6800-8abc-9000-0000000000ff" as RunId;
  const spec = { runId, namespace, workflow: "w", queue: "main", input: text("") };
  return { spec, events: [{ seq: 1, at: 0, kind: "run.started", spec }] };
};

/** One call of every verb, at a place. */
const calls: {
  readonly [V in keyof EngineClient]: (place: Place) => Parameters<EngineClient[V]>;
} = {
  start: ({ namespace }) => [{ namespace, workflow: "w", queue: "main", input: text("") }],
  startMany: ({ namespace }) => [namespace, [{ workflow: "w", queue: "main", input: text("") }]],
  signal: ({ runId }) => [{ runId }, { name: "s" }],
  cancel: ({ runId }) => [{ runId }],
  terminate: ({ runId }) => [runId],
  pause: ({ runId }) => [runId],
  resume: ({ runId }) => [runId],
  repin: ({ runId }) => [runId, "v2"],
  purge: ({ runId }) => [runId],
  fork: ({ runId }) => [{ runId, at: 1 }],
  importRun: ({ namespace }) => [namespace, journalOf(namespace)],
  outcome: ({ runId }) => [runId],
  query: ({ runId }) => [{ runId }, "seen", text("")],
  update: ({ runId }) => [{ runId }, "u", text("")],
  lookup: (place) => [keyIn(place)],
  describe: ({ runId }) => [runId],
  journal: ({ runId }) => [runId],
  watch: ({ runId }) => [runId, listener],
  why: ({ runId }) => [runId],
  whyKey: (place) => [keyIn(place)],
  whySchedule: ({ namespace }) => [namespace, "s"],
  versions: ({ namespace }) => [namespace],
  workers: ({ namespace }) => [namespace],
  list: ({ namespace }) => [{ namespace, limit: 10 }],
  count: ({ namespace }) => [{ namespace }],
  publish: ({ namespace }) => [namespace, "e", { payload: text("") }],
  setTrigger: ({ namespace }) => [namespace, "e", { id: "t", workflow: "w", queue: "main" }],
  removeTrigger: ({ namespace }) => [namespace, "e", "t"],
  putSchedule: ({ namespace }) => [
    { id: "s", namespace, workflow: "w", queue: "main", input: text(""), when: [], policy },
  ],
  deleteSchedule: ({ namespace }) => [namespace, "s"],
  pauseSchedule: ({ namespace }) => [namespace, "s"],
  resumeSchedule: ({ namespace }) => [namespace, "s"],
  triggerSchedule: ({ namespace }) => [namespace, "s"],
  backfillSchedule: ({ namespace }) => [namespace, "s", 0, 1],
  describeSchedule: ({ namespace }) => [namespace, "s"],
  listSchedules: ({ namespace }) => [namespace],
};

/** What else reaches a run: through its key, in a request, from its key's inbox. */
const others: readonly (readonly [keyof EngineClient, (place: Place) => readonly unknown[]])[] = [
  ["signal", (place) => [{ key: keyIn(place) }, { name: "s" }]],
  ["cancel", (place) => [{ key: keyIn(place) }]],
  ["query", (place) => [{ key: keyIn(place) }, "seen", text("")]],
  ["update", (place) => [{ key: keyIn(place) }, "u", text("")]],
  ["start", (place) => [{ ...calls.start(own())[0], key: keyIn(place) }]],
  ["fork", (place) => [{ runId: own().runId, at: 1, key: keyIn(place) }]],
];

let rig: Rig;
let places: { readonly own: Place; readonly foreign: Place; readonly missing: Place };
const own = (): Place => places.own;

beforeEach(async () => {
  rig = await Rig.open();
  const place = async (namespace: string): Promise<Place> => {
    const key = { namespace, kind: "workflow", id: "k" };
    const { runId } = await rig.start({ namespace, workflow: "w", key });
    return { namespace, runId };
  };
  const foreign = await place("theirs");
  const missing = foreign.runId.replace(/.{12}$/, "0".repeat(12)) as RunId;
  places = {
    own: await place("ours"),
    foreign,
    missing: { namespace: "nobodys", runId: missing },
  };
});

afterEach(() => rig.close());

async function errorOf(
  client: EngineClient,
  verb: keyof EngineClient,
  args: readonly unknown[],
): Promise<PerdureError> {
  const call = client[verb] as (...args: readonly unknown[]) => unknown;
  const outcome = await rig.env.run(
    Promise.resolve(call(...args)).then(
      () => new Error(`${verb} went through the wall`),
      (error: unknown) => error as Error,
    ),
  );
  if (!(outcome instanceof PerdureError)) throw outcome;
  return outcome;
}

describe("from within a namespace", () => {
  test.each(Object.keys(calls) as (keyof EngineClient)[])(
    "%s finds in another one what it finds where nothing is",
    async (verb) => {
      if (verb === "watch") return;
      const client = within(rig.engine, { namespace: "ours" });
      const { foreign, missing } = places;
      const before = await rig.journal(foreign.runId);
      const theirs = await errorOf(client, verb, calls[verb](foreign));
      const nobodys = await errorOf(client, verb, calls[verb](missing));
      const same = (error: PerdureError, { runId }: Place) =>
        [error.code, error.retry, error.message.replaceAll(runId, "it"), error.detail] as const;
      expect(same(theirs, foreign)).toEqual(same(nobodys, missing));
      expect(["not-found", "forbidden"]).toContain(theirs.code);
      const takesRun = JSON.stringify(calls[verb](foreign)).includes(foreign.runId);
      expect(theirs.code).toBe(takesRun ? "not-found" : "forbidden");
      expect(await rig.journal(foreign.runId)).toEqual(before);
    },
  );

  test.each(others)("%s takes no key of another one", async (verb, args) => {
    const client = within(rig.engine, { namespace: "ours" });
    expect((await errorOf(client, verb, args(places.foreign))).code).toBe("forbidden");
  });

  test("startMany starts nothing in another one, whatever its items name", async () => {
    const client = within(rig.engine, { namespace: "ours" });
    const item = { workflow: "w", queue: "main", input: text(""), namespace: "theirs" };
    const [named, keyed] = await rig.env.run(
      client.startMany("ours", [item, { ...item, key: keyIn(places.foreign) }]),
    );
    expect(keyed).toMatchObject({ error: { code: "invalid-argument" } });
    const { runId } = named as { readonly runId: RunId };
    expect((await rig.env.run(rig.engine.describe(runId))).spec.namespace).toBe("ours");
    expect(await rig.env.run(rig.engine.count({ namespace: "theirs" }))).toBe(1);
  });

  test("nothing of another one is ever watched", async () => {
    const seen: RunId[] = [];
    const client = within(rig.engine, { namespace: "ours" });
    for (const { runId } of Object.values(places)) client.watch(runId, () => seen.push(runId));
    const stop = client.watch(own().runId, () => seen.push(places.missing.runId));
    stop();
    for (const { runId } of [places.foreign, places.own]) {
      await rig.env.run(rig.engine.signal({ runId }, { name: "s" }));
    }
    expect(seen).toEqual([own().runId]);
  });

  test("a start that waits for its turn under another one's key is not there", async () => {
    const key = { namespace: "theirs", kind: "object", id: "o" };
    const request = { namespace: "theirs", workflow: "w", key, mode: "exclusive" } as const;
    await rig.start(request);
    const { runId } = await rig.start(request);
    const ours = within(rig.engine, { namespace: "ours" });
    expect((await errorOf(ours, "outcome", [runId])).code).toBe("not-found");
    const theirs = within(rig.engine, { namespace: "theirs" });
    const outcome = theirs.outcome(runId);
    await rig.env.still();
    await rig.env.run(theirs.cancel({ key }));
    const first = (await rig.env.run(theirs.lookup(key)))!;
    await rig.env.run(theirs.terminate(first));
    await rig.env.still();
    await rig.env.run(theirs.terminate(runId));
    expect((await rig.env.run(outcome)).status).toBe("terminated");
  });

  test("one's own runs are reached, and the journal says who asked", async () => {
    const { runId } = own();
    const client = within(rig.engine, { namespace: "ours", by: "key:ann" });
    await rig.env.run(client.signal({ runId }, { name: "s", by: "somebody else" }));
    await rig.env.run(client.pause(runId));
    await rig.env.run(client.resume(runId));
    rig.worker({
      scripts: {
        w: function* () {
          yield { signal: "never" };
          return "";
        },
      },
      options: { namespace: "ours" },
    });
    await rig.env.still();
    await rig.env.run(client.cancel({ runId }));
    await rig.env.run(client.terminate(runId));
    const askers = (await rig.journal(runId)).flatMap((event) =>
      "by" in event ? [[event.kind, event.by]] : [],
    );
    expect(askers).toEqual(
      ["signal.received", "run.paused", "run.resumed", "run.cancelRequested", "run.terminated"].map(
        (kind) => [kind, "key:ann"],
      ),
    );
  });
});
