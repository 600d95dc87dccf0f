/** What is not in a stream's events, and moves with them; and streams at the limits of a move. */
import { limits, runStream, type RunId } from "@perdure/kernel";
import { Disk, MemoryStore } from "@perdure/store";
import { expect, it } from "vitest";
import { move } from "../testing/moving.test-support.ts";
import { text } from "../testing/payloads.test-support.ts";
import { Rig } from "../testing/rig.test-support.ts";
import { sleeps, three, waits } from "../testing/scripts.test-support.ts";
import { VirtualEnv } from "../testing/virtual-env.test-support.ts";

const DAY_MS = 24 * 3_600_000;

it("a closed run is kept as long as its own engine would have kept it", async () => {
  const rig = await Rig.open({ tuning: { retentionMs: 30 * DAY_MS } });
  rig.worker({ scripts: { three } });
  const { runId } = await rig.start({ workflow: "three" });
  const brief = await rig.start({ workflow: "three", retentionMs: 1_000 });
  await rig.env.pass(500);
  await rig.close();
  const rows = await rowsOf(rig.disk);
  const to = new Disk(7);
  await move({ from: rig.disk, to });
  expect(await rowsOf(to)).toEqual(rows);
  const there = await Rig.open({ disk: to });
  await there.env.pass(20 * DAY_MS);
  expect(await there.kinds(runId)).toContain("run.completed");
  await expect(there.journal(brief.runId)).rejects.toMatchObject({ code: "not-found" });
  await there.close();
});

it("a run that closed in the last moment before a crash is put in order at the other end", async () => {
  const rig = await Rig.open();
  rig.worker({ scripts: { three } });
  const { runId } = await rig.start({ workflow: "three" });
  await rig.result(runId);
  rig.env.kill();
  await rig.store.close();
  const to = new Disk(2);
  await move({ from: rig.disk, to });
  const there = await Rig.open({ disk: to });
  await there.env.pass(1_000);
  const [row] = await rowsOf(to);
  expect(row).toMatchObject({ runId, status: "completed", expiresAt: expect.any(Number) });
  expect(there.engine.stats().liveStreams).toBe(0);
  await there.close();
});

it("a run that sleeps is not read before its time", async () => {
  const rig = await Rig.open();
  rig.worker({ scripts: { sleeps } });
  const { runId } = await rig.start({ workflow: "sleeps" });
  await rig.env.pass(1_000);
  await rig.close();
  const to = new Disk(5);
  await move({ from: rig.disk, to });
  const there = await Rig.open({ disk: to, env: new VirtualEnv(5) });
  there.worker({ scripts: { sleeps } });
  expect(there.engine.stats().liveStreams).toBe(0);
  expect(await there.result(runId)).toBe("rested");
  await there.close();
});

it.each([limits.moveEvents, limits.moveEvents + 1])(
  "a journal of %i events moves, and goes on from its snapshot",
  async (events) => {
    const rig = await Rig.open();
    const { runId } = await rig.start({ workflow: "waits" });
    await signals(rig, runId, events - 1, "");
    expect(await rig.journal(runId)).toHaveLength(events);
    await rig.close();
    const to = new Disk(3);
    expect(await move({ from: rig.disk, to })).toMatchObject({ comparison: { events } });
    const there = await Rig.open({ disk: to });
    there.worker({ scripts: { waits } });
    const read = await new MemoryStore(to).read(runStream(runId));
    expect(read).toMatchObject({ seq: events, snapshot: { seq: events } });
    await signals(there, runId, 1, "on", "go");
    expect(await there.result(runId)).toBe("on");
    await there.close();
  },
);

it.each([limits.moveBlobs, limits.moveBlobs + 1])("%i long payloads of one run move", async (n) => {
  const rig = await Rig.open();
  const { runId } = await rig.start({ workflow: "waits" });
  await signals(rig, runId, n, "long ".repeat(10_000));
  const journal = await rig.journal(runId);
  await rig.close();
  const to = new Disk(3);
  await move({ from: rig.disk, to });
  const there = await Rig.open({ disk: to });
  expect(await there.journal(runId)).toEqual(journal);
  await there.close();
});

it("as many names may be left out as the limit says, and not one more", async () => {
  const skips = Array.from({ length: limits.moveSkips + 1 }, (_, n) => `key/${n}/`);
  const way = { from: new Disk(1), to: new Disk(1) };
  await expect(move({ ...way, options: { skips } })).rejects.toMatchObject({
    code: "limit-exceeded",
  });
  expect(await move({ ...way, options: { skips: skips.slice(1) } })).toMatchObject({
    hasMoved: true,
  });
});

it("names as many streams in its way as the limit says, and counts the others", async () => {
  const [from, to] = [await manyRuns(), await manyRuns()];
  await expect(move({ from, to })).rejects.toMatchObject({
    message: expect.stringMatching(/has 21 of these.*\nand 1 more$/s),
    detail: { conflicts: limits.moveNamed + 1, streams: { length: limits.moveNamed } },
  });
});

async function signals(rig: Rig, runId: RunId, count: number, word: string, name = "other") {
  const send = (_: unknown, n: number) =>
    rig.engine.signal({ runId }, { name, id: `${name}${n}`, payload: text(`${word}${n || ""}`) });
  await rig.env.run(Promise.all(Array.from({ length: count }, send)));
}

/** The same ones every time. */
async function manyRuns(): Promise<Disk> {
  const rig = await Rig.open({ env: new VirtualEnv(8) });
  for (let n = 0; n <= limits.moveNamed; n++) await rig.start({ workflow: "waits" });
  await rig.close();
  return rig.disk;
}

async function rowsOf(disk: Disk) {
  return (await new MemoryStore(disk).search({ namespace: "test", limit: 10 })).rows;
}
