import type { Journal, PerdureError, RunEvent, RunId } from "@perdure/kernel";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Rig } from "./testing/rig.test-support.ts";
import { remote, sleeps, three, waits, parent } from "./testing/scripts.test-support.ts";
import { VirtualEnv } from "./testing/virtual-env.test-support.ts";
import { text } from "./testing/payloads.test-support.ts";

const scripts = { three, waits, sleeps, remote, parent };
const tasks = { work: () => "worked" };
const key = { namespace: "test", kind: "workflow", id: "k" };

let old: Rig;
let rig: Rig;
beforeEach(async () => {
  old = await Rig.open();
  rig = await Rig.open({ env: new VirtualEnv(5) });
});
afterEach(async () => {
  await old.close();
  await rig.close();
});

async function exported(runId: RunId): Promise<Journal> {
  const { spec } = await old.env.run(old.engine.describe(runId));
  return { spec, events: await old.journal(runId) };
}

const take = (journal: unknown, namespace = "test") =>
  rig.env.run(rig.engine.importRun(namespace, journal as Journal));

async function refusal(journal: unknown, namespace = "test"): Promise<PerdureError> {
  return take(journal, namespace).then(
    () => expect.fail("it was taken"),
    (error: unknown) => error as PerdureError,
  );
}

/** Runs it there until it rests. */
async function half(workflow: string, more: object = {}): Promise<Journal> {
  old.worker({ scripts });
  const { runId } = await old.start({ workflow, ...more });
  await old.env.pass(1_000);
  return exported(runId);
}

describe("an imported run", () => {
  test("that is closed lies here as it was, and twice is once", async () => {
    const journal = await half("three", { attributes: { a: 1 } });
    const { runId } = journal.spec;
    expect(await take(journal)).toEqual({ runId, existing: false });
    expect(await rig.journal(runId)).toEqual(journal.events);
    expect(await rig.result(runId)).toBe("123");
    expect(await take(journal)).toEqual({ runId, existing: true });
    const { rows } = await rig.env.run(rig.engine.list({ namespace: "test", limit: 10 }));
    expect(rows).toMatchObject([{ runId, status: "completed" }]);
  });

  test("that waits for a signal goes on here", async () => {
    const journal = await half("waits");
    await take(journal);
    rig.worker({ scripts });
    const { runId } = journal.spec;
    await rig.env.run(rig.engine.signal({ runId }, { name: "go", payload: text("on") }));
    expect(await rig.result(runId)).toBe("on");
    expect(await take(journal)).toMatchObject({ existing: true });
  });

  test("that sleeps wakes at its moment, and the disk knows of it", async () => {
    const journal = await half("sleeps");
    await take(journal);
    const next = await rig.die();
    rig = next;
    rig.worker({ scripts });
    expect(await rig.result(journal.spec.runId)).toBe("rested");
  });

  test("whose remote step was with a worker tries it again, and says that it may have run", async () => {
    old.worker({ scripts, tasks: { work: () => undefined } });
    const { runId } = await old.start({ workflow: "remote" });
    await old.env.pass(1_000);
    await take(await exported(runId));
    const worker = rig.worker({ scripts, tasks });
    expect(await rig.result(runId)).toBe("worked");
    expect(worker.claimed).toMatchObject([{ maybeRan: true }]);
  });

  test("hears of its child whichever of the two comes first", async () => {
    for (const childFirst of [true, false]) {
      const id = String(childFirst);
      old.worker({ id, scripts: { parent } });
      const { runId } = await old.start({ workflow: "parent" });
      await old.env.pass(1_000);
      const mother = await exported(runId);
      const call = mother.events.find((event) => event.kind === "call.scheduled");
      old.worker({ id: `late ${id}`, scripts: { three } });
      await old.env.pass(1_000);
      const child = await exported(call!.runId);
      for (const one of childFirst ? [child, mother] : [mother, child]) await take(one);
      rig.worker({ id, scripts });
      expect(await rig.result(runId)).toBe("child said 123");
    }
  });

  test("in another namespace is of that namespace, its key too", async () => {
    const journal = await half("waits", { key });
    await take(journal, "other");
    const { runId } = journal.spec;
    const moved = { ...key, namespace: "other" };
    expect(await rig.env.run(rig.engine.lookup(moved))).toBe(runId);
    expect(await rig.env.run(rig.engine.lookup(key))).toBeUndefined();
    expect(await rig.env.run(rig.engine.namespaceOf(runId))).toBe("other");
    rig.worker({ scripts, options: { namespace: "other" } });
    await rig.env.run(rig.engine.signal({ key: moved }, { name: "go", payload: text("x") }));
    expect(await rig.result(runId)).toBe("x");
  });

  test("is refused where another one is open under its key, and nothing is written", async () => {
    const journal = await half("waits", { key });
    const { runId: holder } = await rig.start({ workflow: "waits", key });
    expect(await refusal(journal)).toMatchObject({ code: "conflict", detail: { runId: holder } });
    expect(await rig.env.run(rig.engine.namespaceOf(journal.spec.runId))).toBeUndefined();
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(1);
  });

  test("that is closed leaves its key to whom it belongs", async () => {
    const journal = await half("three", { key });
    await take(journal);
    expect(await rig.env.run(rig.engine.lookup(key))).toBeUndefined();
  });

  test("of whose id there is another run is a conflict", async () => {
    const journal = await half("three");
    await take(journal);
    const spec = { ...journal.spec, queue: "other" };
    const [first, ...rest] = journal.events;
    const other = { spec, events: [{ ...first, spec }, ...rest] };
    expect(await refusal(other)).toMatchObject({ code: "conflict" });
    expect(await rig.journal(spec.runId)).toEqual(journal.events);
  });
});

describe("a journal that no engine wrote", () => {
  let good: Journal;
  beforeEach(async () => {
    good = await half("waits");
  });

  const bent: readonly (readonly [string, (journal: Journal) => unknown, RegExp])[] = [
    ["is no journal", () => null, /not a journal/],
    ["has no events", ({ spec }) => ({ spec, events: [] }), /began the run/],
    [
      "has a gap",
      ({ spec, events }) => ({ spec, events: events.toSpliced(1, 1) }),
      /event 2 .*missing/,
    ],
    [
      "goes back in time",
      (journal) => withEvent(journal, 1, { at: journal.events[0]!.at - 1 }),
      /event 2 .*earlier/,
    ],
    ["has an unknown kind", (journal) => withEvent(journal, 1, { kind: "run.flown" }), /event 2/],
    ["has an unknown field", (journal) => withEvent(journal, 1, { wings: 2 }), /"wings"/],
    [
      "begins twice",
      ({ spec, events }) => ({
        spec,
        events: [...events, { ...events[0]!, seq: events.length + 1, at: events.at(-1)!.at }],
      }),
      /begins the run again/,
    ],
    [
      "has another spec",
      ({ spec, events }) => ({ spec: { ...spec, queue: "q" }, events }),
      /its spec/,
    ],
    [
      "is of no run id",
      ({ spec, events }) => ({ spec: { ...spec, runId: "../x" }, events }),
      /run id/,
    ],
    [
      "is of the year 10000",
      (journal) => withEvent(journal, journal.events.length - 1, { at: 8e15 }),
      /ahead/,
    ],
    [
      "goes on after its end",
      ({ spec, events }) => {
        const at = events.at(-1)!.at;
        const seq = events.length;
        const end = { kind: "run.completed", output: text(""), at };
        return { spec, events: [...events, { ...end, seq: seq + 1 }, { ...end, seq: seq + 2 }] };
      },
      /after the run had closed/,
    ],
    [
      "ends a step that is not open",
      ({ spec, events }) => {
        const { at, seq } = events.at(-1)!;
        const event = { kind: "step.heartbeat", key: "nobody's", attempt: 1, at, seq: seq + 1 };
        return { spec, events: [...events, event] };
      },
      /step that is not open/,
    ],
    [
      "names a foreign key",
      ({ spec, events }) => {
        const foreign = { ...spec, key: { ...key, namespace: "theirs" } };
        return { spec: foreign, events: [{ ...events[0]!, spec: foreign }, ...events.slice(1)] };
      },
      /two namespaces/,
    ],
  ];

  test.each(bent)("and %s is refused, and nothing is written", async (_, bend, why) => {
    const error = await refusal(bend(good));
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.message).toMatch(why);
    expect(await rig.env.run(rig.engine.count({ namespace: "test" }))).toBe(0);
    expect(rig.stopped).toBeUndefined();
  });
});

function withEvent({ spec, events }: Journal, index: number, change: object): unknown {
  return { spec, events: events.with(index, { ...events[index], ...change } as RunEvent) };
}
