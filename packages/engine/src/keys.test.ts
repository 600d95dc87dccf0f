import { keyStream, limits, runStream, type KeyRef, type Payload } from "@perdure/kernel";
import { MemoryStore, type Batch } from "@perdure/store";
import { afterEach, describe, expect, it } from "vitest";
import { createCalendar, Engine, systemEnv, within } from "./index.ts";

const input: Payload = { encoding: "json", data: new TextEncoder().encode("1") };
const byId = (a: KeyRef, b: KeyRef): number => (a.id < b.id ? -1 : 1);
const named = (id: string, kind = "object:cart"): KeyRef => ({ namespace: "n", kind, id });

describe("keys, as people look at them", () => {
  const open: Engine[] = [];
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close();
  });

  async function newEngine(store = new MemoryStore()): Promise<Engine> {
    const engine = await Engine.open({ store, env: systemEnv(), calendar: createCalendar() });
    open.push(engine);
    return engine;
  }

  it("are listed by kind, a page at a time, and never those of another namespace", async () => {
    const { keyedState, keys } = await newEngine();
    const other = { ...named("a"), namespace: "other" };
    for (const key of [named("a"), named("b/%"), named("c"), named("d", "workflow:f"), other]) {
      await keyedState.write(key, "x", input);
    }
    const page = await keys.under("n", "object:", 2);
    expect(page).toEqual([named("a"), named("b/%")]);
    expect(await keys.under("n", "object:", 2, page.at(-1))).toEqual([named("c")]);
  });

  it("show who holds them, who waits, and what they hold", async () => {
    const engine = await newEngine();
    const key = named("a");
    const start = { namespace: "n", workflow: "cart.add", queue: "q", input, key };
    const first = await engine.start({ ...start, mode: "exclusive" });
    const second = await engine.start({ ...start, mode: "exclusive" });
    await engine.keyedState.write(key, "x", input);
    const view = await engine.keys.view(key);
    expect(view.current).toEqual({ runId: first.runId, isOpen: true });
    expect(view.inbox.map(({ spec }) => spec.runId)).toEqual([second.runId]);
    expect(view).toMatchObject({ delayed: [], entries: [["x", input]], promises: [] });
  });

  it("take a patient start that has to wait for its turn with the next commit, or soon", async () => {
    const commits: number[] = [];
    class Counted extends MemoryStore {
      override commit(batches: readonly Batch[]) {
        commits.push(batches.flatMap(({ appends }) => appends).length);
        return super.commit(batches);
      }
    }
    const engine = await newEngine(new Counted());
    const start = { namespace: "n", workflow: "w", queue: "q", input, mode: "exclusive" } as const;
    const key = named("a");
    const first = await engine.start({ ...start, key, isPatient: true });
    expect(first.existing).toBe(false);
    commits.length = 0;
    const patient = [1, 2].map(() => engine.start({ ...start, key, isPatient: true }));
    await new Promise((resolve) => void setImmediate(resolve));
    expect(commits).toEqual([]);
    await engine.start({ ...start, key });
    // One stream, three events.
    expect(commits).toEqual([1]);
    await Promise.all(patient);
    expect((await engine.keys.view(key)).inbox).toHaveLength(3);
    const last = await engine.start({ ...start, key, isPatient: true });
    expect((await engine.keys.view(key)).inbox.at(-1)?.spec.runId).toBe(last.runId);
  });

  it("tell of a start that waits for its turn without asking the store, and of its end", async () => {
    const read: string[] = [];
    class Watched extends MemoryStore {
      override read(...args: Parameters<MemoryStore["read"]>) {
        read.push(args[0]);
        return super.read(...args);
      }
    }
    const engine = await newEngine(new Watched());
    const start = { namespace: "n", workflow: "w", queue: "q", input, mode: "exclusive" } as const;
    const key = named("a");
    await engine.start({ ...start, key });
    const { runId } = await engine.start({ ...start, key });
    const ended = within(engine, { namespace: "n" }).outcome(runId);
    await new Promise((resolve) => void setImmediate(resolve));
    expect(read).not.toContain(runStream(runId));
    await engine.cancel({ runId });
    expect(await ended).toMatchObject({ status: "cancelled" });
  });

  it("are found by the starts that wait for their time, also when they are out of memory", async () => {
    const store = new MemoryStore();
    const engine = await newEngine(store);
    const start = { namespace: "n", workflow: "w", queue: "q", input, mode: "exclusive" } as const;
    const startAt = Date.now() + 3_600_000;
    for (const id of ["a", "b"]) await engine.start({ ...start, key: named(id), startAt });
    await engine.start({ ...start, key: named("c") });
    const other = { ...named("d"), namespace: "other" };
    await engine.start({ ...start, namespace: "other", key: other, startAt });
    expect((await engine.keys.delayed("n")).toSorted(byId)).toEqual([named("a"), named("b")]);
    const [late] = (await engine.keys.view(named("a"))).delayed;
    expect(late).toMatchObject({ spec: { startAt } });
    expect(late?.since).toBeGreaterThan(0);
  });

  it("are found among as many alarms as the limit says, and not one more", async () => {
    class Alarmed extends MemoryStore {
      set: number = limits.keysDelayed;
      override async alarms(partition: number, _: number, limit: number) {
        const stream = keyStream({ ...named("x"), namespace: "other" });
        const alarm = { stream, at: 1e15 };
        return partition === 0
          ? Array.from({ length: Math.min(limit, this.set) }, () => alarm)
          : [];
      }
    }
    const store = new Alarmed();
    const engine = await newEngine(store);
    expect(await engine.keys.delayed("n")).toEqual([]);
    store.set += 1;
    await expect(engine.keys.delayed("n")).rejects.toMatchObject({ code: "limit-exceeded" });
    store.set = 0;
  });

  it("have all their state replaced at once, while no run holds them", async () => {
    const engine = await newEngine();
    const key = named("a");
    await engine.keyedState.write(key, "x", input);
    await engine.keys.replace(key, [["y", input]]);
    expect((await engine.keys.view(key)).entries).toEqual([["y", input]]);
    await engine.start({ namespace: "n", workflow: "w", queue: "q", input, key });
    await expect(engine.keys.replace(key, [])).rejects.toMatchObject({ code: "conflict" });
    const empty = engine.keys.replace(named("b"), [["", input]]);
    await expect(empty).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
