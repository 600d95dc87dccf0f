import { describe, expect, it } from "vitest";
import { runStream } from "@perdure/kernel";
import { limits } from "@perdure/kernel";
import { Disk } from "@perdure/store";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import type { Script } from "./testing/scripted-worker.test-support.ts";
import { ends, remote, sleeps, three, waits } from "./testing/scripts.test-support.ts";

const tuning = { idleMs: 10_000 };
const key = { namespace: "test", kind: "workflow", id: "k" };
const go = { name: "go", payload: text("x") };

describe("a stream that nobody needs now", () => {
  it("leaves memory when its run is closed, and is read again when asked for", async () => {
    const rig = await Rig.open({ tuning });
    rig.worker({ scripts: { three } });
    const { runId } = await rig.start({ workflow: "three" });
    await rig.result(runId);
    await rig.env.pass(200);
    expect(rig.engine.stats().liveStreams).toBe(0);
    expect(await rig.result(runId)).toBe("123");
    expect(await rig.kinds(runId)).toHaveLength(5);
    await rig.close();
  });

  it("wakes for its timer though it has left memory", async () => {
    const rig = await Rig.open({ tuning });
    const worker = rig.worker({ scripts: { sleeps } });
    const { runId } = await rig.start({ workflow: "sleeps" });
    await rig.env.pass(30_000);
    expect(rig.engine.stats()).toMatchObject({ liveStreams: 0, holds: 0 });
    expect(await rig.result(runId)).toBe("rested");
    expect(worker.ran).toEqual(["before", "after"]);
    await rig.close();
  });

  it("wakes for its timer in the next process too", async () => {
    const rig = await Rig.open({ tuning });
    rig.worker({ scripts: { sleeps } });
    const { runId } = await rig.start({ workflow: "sleeps" });
    await rig.env.pass(30_000);
    const next = await rig.die();
    next.worker({ scripts: { sleeps } });
    expect(next.engine.stats().liveStreams).toBe(0);
    expect(await next.result(runId)).toBe("rested");
    await next.close();
  });

  it("takes messages in their order while it comes back", async () => {
    const rig = await Rig.open({ tuning });
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits", key });
    await rig.env.pass(30_000);
    const sent = Promise.all(
      ["one", "two", "three"].map((id) =>
        rig.engine.signal({ key }, { name: "other", payload: text(id), id }),
      ),
    );
    await rig.env.run(sent);
    const ids = (await rig.journal(runId)).flatMap((event) =>
      event.kind === "signal.received" ? [event.id] : [],
    );
    expect(ids).toEqual(["one", "two", "three"]);
    await rig.close();
  });

  it("is not overtaken by what is sent to it while an earlier message is still on its way", async () => {
    const rig = await Rig.open({ disk: new Disk(1), tuning });
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits", key });
    await rig.env.pass(30_000);
    const send = (id: string): Promise<void> =>
      rig.engine.signal({ key }, { name: "other", payload: text(id), id });
    await rig.env.run(rig.engine.lookup(key));
    const first = send("one");
    await Promise.resolve();
    // The run comes to life for another reason while the first signal is between two batches.
    const described = rig.engine.describe(runId);
    const others = [];
    for (const id of ["two", "three", "four"]) {
      await rig.env.run(new Promise<void>((resolve) => void rig.env.defer(resolve)));
      others.push(send(id));
    }
    await rig.env.run(Promise.all([first, described, ...others]));
    const ids = (await rig.journal(runId)).flatMap((event) =>
      event.kind === "signal.received" ? [event.id] : [],
    );
    expect(ids).toEqual(["one", "two", "three", "four"]);
    await rig.close();
  });

  it("is found again under its key, with the key's policies", async () => {
    const rig = await Rig.open({ tuning });
    rig.worker({ scripts: { waits } });
    const { runId } = await rig.start({ workflow: "waits", key });
    await rig.env.pass(30_000);
    expect(rig.engine.stats().liveStreams).toBe(0);
    expect(await rig.start({ workflow: "waits", key })).toEqual({ runId, existing: true });
    await rig.env.run(rig.engine.signal({ key }, go));
    expect(await rig.result(runId)).toBe("x");
    await rig.close();
  });

  it("goes first when there are more than there is room for, and no run is lost by it", async () => {
    const rig = await Rig.open({ tuning: { liveStreams: 8 } });
    rig.worker({ scripts: { waits } });
    const runs = [];
    for (let i = 0; i < 40; i++) runs.push((await rig.start({ workflow: "waits" })).runId);
    await rig.env.pass(1_000);
    for (let i = 0; i < 3; i++) {
      await rig.start({ workflow: "waits" });
      await rig.env.pass(1_000);
    }
    expect(rig.engine.stats().liveStreams).toBeLessThanOrEqual(12);
    for (const runId of runs) await rig.env.run(rig.engine.signal({ runId }, go));
    for (const runId of runs) expect(await rig.result(runId)).toBe("x");
    await rig.close();
  });

  it("keeps its place in the queue for a worker", async () => {
    const rig = await Rig.open({ tuning });
    const code = rig.worker({ id: "code", scripts: { remote } });
    const early = await rig.start({ workflow: "remote" });
    await rig.env.still();
    code.session.close();
    const late = await rig.start({ workflow: "remote" });
    await rig.env.pass(60_000);
    expect(rig.engine.stats()).toMatchObject({ liveStreams: 0, runsWaiting: 1, tasksWaiting: 1 });
    rig.worker({ id: "new", scripts: { remote }, tasks: { work: () => "ok" } });
    expect(await rig.result(early.runId)).toBe("ok");
    expect(await rig.result(late.runId)).toBe("ok");
    await rig.close();
  });

  it("is not settled while it only waits for a worker, and its doubts are remembered", async () => {
    const rig = await Rig.open({ tuning: { liveStreams: 8 } });
    const lost = rig.worker({ id: "lost", scripts: { three } });
    lost.stuck.add("a");
    const begun = await rig.start({ workflow: "three" });
    await rig.env.still();
    lost.session.close();
    const runs = [];
    for (let i = 0; i < 40; i++) runs.push((await rig.start({ workflow: "three" })).runId);
    await rig.env.pass(60_000);
    expect(rig.engine.stats()).toMatchObject({ liveStreams: 0, settled: 0, runsWaiting: 41 });
    const worker = rig.worker({ id: "next", scripts: { three } });
    for (const runId of runs) expect(await rig.result(runId)).toBe("123");
    const given = new Map(worker.activations.map(({ runId, lostAt }) => [runId, lostAt]));
    expect(given.get(begun.runId)).toBe(1);
    expect(runs.map((runId) => given.get(runId))).toEqual(runs.map(() => 0));
    await rig.close();
  });

  it("waits for a worker after a restart too, whatever there is room for", async () => {
    const rig = await Rig.open({ tuning: { liveStreams: 8 } });
    const runs = [];
    for (let i = 0; i < 40; i++) runs.push((await rig.start({ workflow: "three" })).runId);
    const next = await rig.die();
    await next.env.pass(100);
    expect(next.engine.stats()).toMatchObject({ runsWaiting: 40 });
    expect(next.engine.stats().liveStreams).toBeLessThanOrEqual(8);
    next.worker({ scripts: { three } });
    for (const runId of runs) expect(await next.result(runId)).toBe("123");
    await next.close();
  });

  it("is listed, however many runs have changed twice since they were named", async () => {
    const rig = await Rig.open({ tuning });
    rig.worker({ scripts: { ends } });
    const request = { namespace: "test", workflow: "ends", queue: "main", input: text("") };
    const starts = Array.from({ length: 4_000 }, () => rig.engine.start(request));
    await rig.env.run(Promise.all(starts));
    await rig.env.still();
    const listed = rig.engine.list({ namespace: "test", status: ["completed"], limit: 1_000 });
    expect((await rig.env.run(listed)).rows).toHaveLength(1_000);
    await rig.close();
  });

  it("is offered again after a restart when it had work", async () => {
    const rig = await Rig.open({ tuning });
    const { runId } = await rig.start({ workflow: "three" });
    await rig.env.pass(60_000);
    expect(rig.engine.stats().liveStreams).toBe(0);
    const next = await rig.die();
    next.worker({ scripts: { three } });
    expect(await next.result(runId)).toBe("123");
    await next.close();
  });

  it("with a long journal comes back from its snapshot and replays from the store", async () => {
    const count = limits.snapshotEvents + 10;
    const long: Script = function* () {
      yield { signal: "go" };
      return "done";
    };
    const rig = await Rig.open({ tuning });
    const worker = rig.worker({ scripts: { long } });
    const { runId } = await rig.start({ workflow: "long" });
    const noise = Array.from({ length: count }, (_, i) =>
      rig.engine.signal({ runId }, { name: "noise", id: String(i) }),
    );
    await rig.env.run(Promise.all(noise));
    await rig.env.pass(60_000);
    expect(rig.engine.stats().liveStreams).toBe(0);
    const data = await rig.store.read(runStream(runId));
    expect(data?.snapshot?.seq).toBeGreaterThan(limits.snapshotEvents);
    await rig.env.run(rig.engine.signal({ runId }, go));
    expect(await rig.result(runId)).toBe("done");
    expect(worker.activations.at(-1)!.events.length).toBeGreaterThan(limits.snapshotEvents);
    const page = await rig.env.run(rig.engine.journal(runId, 5, 3));
    expect(page.map(({ seq }) => seq)).toEqual([5, 6, 7]);
    await rig.close();
  });
});
