import { describe, expect, it } from "vitest";
import { keyStream, limits, runId, type StreamId } from "@perdure/kernel";
import { Disk, type MemoryStore } from "@perdure/store";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { waits } from "./testing/scripts.test-support.ts";

const key = { namespace: "test", kind: "object:cart", id: "7" };
const exclusive = { workflow: "waits", key, mode: "exclusive" } as const;

/** A store that knows of more keys than there are. */
function crowded(inner: MemoryStore, names: readonly StreamId[]): MemoryStore {
  return new Proxy(inner, {
    get(target, name) {
      if (name === "streams") {
        return (async (_prefix, limit, after) => {
          const from = after === undefined ? 0 : names.indexOf(after) + 1;
          return names.slice(from, from + limit);
        }) satisfies MemoryStore["streams"];
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

describe("why, of a start that has no run yet", () => {
  it("finds it in memory, after a restart on disk, and not any more when it has begun", async () => {
    const rig = await Rig.open({ tuning: { idleMs: 1_000 } });
    const holder = await rig.start(exclusive);
    const { runId: queued } = await rig.start(exclusive);
    const summary = async ({ env, engine }: Rig) => (await env.run(engine.why(queued))).summary;
    expect(await summary(rig)).toContain(`held by waits, the run ${holder.runId}, which waits for`);
    await rig.env.pass(60_000);
    const next = await rig.die();
    expect(await summary(next)).toContain("place 1 of 1 in the inbox of object:cart/7");
    next.worker({ scripts: { waits } });
    const go = { name: "go", payload: text("x") };
    await next.env.run(next.engine.signal(holder, go));
    await next.env.still();
    expect(await summary(next)).toContain('waits for the signal "go"');
    await next.close();
  });

  it("looks through a bounded number of keys", async () => {
    const ref = keyStream(key);
    for (const [before, expected] of [
      [limits.whyKeyNames - 1, "queued"],
      [limits.whyKeyNames, "not-found"],
    ] as const) {
      const disk = new Disk(1);
      const rig = await Rig.open({ disk, tuning: { idleMs: 1_000 } });
      await rig.start(exclusive);
      const { runId: queued } = await rig.start(exclusive);
      await rig.env.pass(60_000);
      const names = Array.from({ length: before }, (_, i) => keyStream({ ...key, id: `${i}x` }));
      const next = await rig.die({ store: (inner) => crowded(inner, [...names, ref]) });
      const told = next.env.run(next.engine.why(queued)).then(
        ({ status }) => status as string,
        (error: unknown) => (error as { readonly code: string }).code,
      );
      expect(await told).toBe(expected);
      await next.close();
    }
  });
});

describe("why, of a key or a schedule", () => {
  it("has an answer for a key that nobody has used, and none for a schedule that is not", async () => {
    const rig = await Rig.open();
    const free = await rig.env.run(rig.engine.whyKey(key));
    expect(free).toMatchObject({
      status: "free",
      summary: "object:cart/7 is free: no run holds it",
    });
    const nobody = runId(0, 0, "0000000000000000");
    await expect(rig.env.run(rig.engine.why(nobody))).rejects.toMatchObject({ code: "not-found" });
    await expect(rig.env.run(rig.engine.whySchedule("test", "none"))).rejects.toMatchObject({
      code: "not-found",
    });
    await rig.close();
  });
});

describe("why, of code whose worker was lost", () => {
  it("says which worker it was", async () => {
    const rig = await Rig.open();
    const worker = rig.worker({ scripts: { waits }, options: { leaseMs: 10_000 } });
    worker.stuck.add("before");
    const { runId: id } = await rig.start({ workflow: "waits" });
    await rig.env.still();
    const busy = await rig.env.run(rig.engine.why(id));
    expect(busy.summary).toContain("has its code running on the worker worker");
    await rig.env.pass(60_000);
    const told = await rig.env.run(rig.engine.why(id));
    expect(told.summary).toMatch(
      /\(the worker worker, which ran it, was lost \d+ s ago\): no worker/,
    );
    await rig.close();
  });
});
