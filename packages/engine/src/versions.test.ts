import { expect, test } from "vitest";
import { Rig } from "./testing/rig.test-support.ts";
import { three, waits } from "./testing/scripts.test-support.ts";

const scripts = { waits, three };
const pins = (version: string) => ({ version, versioning: "pin" }) as const;
const go = { name: "go" };

test("a run stays with the version that was the first to have it, through a restart", async () => {
  const rig = await Rig.open();
  rig.worker({ id: "one", scripts, options: pins("v1") });
  const { runId } = await rig.start({ workflow: "waits" });
  await rig.env.still();
  expect(await rig.kinds(runId)).toContain("activation.pinned");
  const next = await rig.die();
  const two = next.worker({ id: "two", scripts, options: pins("v2") });
  await next.env.run(next.engine.signal({ runId }, go));
  await next.env.still();
  expect(two.activations).toEqual([]);
  const { summary } = await next.env.run(next.engine.why(runId));
  expect(summary).toContain('it is pinned to the version "v1"');
  const last = next.worker({ id: "three", scripts, options: { version: "v1" } });
  await next.result(runId);
  expect(last.activations).toHaveLength(1);
  await next.close();
});

test("a worker that serves what is pinned gets runs of its version, and no others", async () => {
  const rig = await Rig.open();
  const latest = rig.worker({ id: "one", scripts, options: pins("v1") });
  const { runId } = await rig.start({ workflow: "waits" });
  await rig.env.still();
  latest.session.close();
  const options = { version: "v1", versioning: "pinned" } as const;
  const old = rig.worker({ id: "two", scripts, options });
  const { runId: fresh } = await rig.start({ workflow: "three" });
  await rig.env.run(rig.engine.signal({ runId }, go));
  await rig.result(runId);
  await rig.env.still();
  expect(old.activations).toHaveLength(1);
  expect(rig.engine.stats().runsWaiting).toBe(1);
  rig.worker({ id: "three", scripts, options: pins("v2") });
  expect(await rig.result(fresh)).toBe("123");
  await rig.close();
});

test("a run that nobody pins goes to any worker, whatever version its start named", async () => {
  const rig = await Rig.open();
  rig.worker({ id: "one", scripts, options: { version: "v2" } });
  const { runId } = await rig.start({ workflow: "three", version: "v1" });
  expect(await rig.result(runId)).toBe("123");
  expect(await rig.kinds(runId)).not.toContain("activation.pinned");
  await rig.close();
});

test("a person moves a run to another version, or to any; whoever has it lets go", async () => {
  const rig = await Rig.open();
  const one = rig.worker({ id: "one", scripts, options: pins("v1") });
  const two = rig.worker({ id: "two", scripts, options: { version: "v2" } });
  const { runId } = await rig.start({ workflow: "waits" });
  await rig.env.still();
  const [first, second] = one.activations.length > 0 ? [one, two] : [two, one];
  const other = first === one ? "v2" : "v1";
  await rig.env.run(rig.engine.repin(runId, other));
  await rig.env.run(rig.engine.repin(runId, other));
  expect(first.evicted).toEqual([runId]);
  await rig.env.run(rig.engine.signal({ runId }, go));
  await rig.result(runId);
  expect(second.activations).toHaveLength(1);
  await rig.close();
});

test("a run waiting for a version that is gone goes on when it is set free", async () => {
  const rig = await Rig.open();
  const one = rig.worker({ id: "one", scripts, options: pins("v1") });
  const { runId } = await rig.start({ workflow: "waits" });
  await rig.env.still();
  one.session.close();
  rig.worker({ id: "two", scripts, options: { version: "v2" } });
  await rig.env.run(rig.engine.signal({ runId }, go));
  await rig.env.still();
  expect(rig.engine.stats().runsWaiting).toBe(1);
  await rig.env.run(rig.engine.repin(runId));
  await rig.result(runId);
  await rig.close();
});

test("open runs are counted by version, paused ones too", async () => {
  const rig = await Rig.open();
  await rig.start({ workflow: "three" });
  rig.worker({ id: "one", scripts: { waits }, options: pins("v1") });
  for (let n = 0; n < 3; n++) await rig.start({ workflow: "waits" });
  await rig.env.still();
  const { rows } = await rig.env.run(
    rig.engine.list({ namespace: "test", version: "v1", limit: 10 }),
  );
  await rig.env.run(rig.engine.pause(rows[0]!.runId));
  await rig.env.run(rig.engine.terminate(rows[1]!.runId));
  expect(await rig.env.run(rig.engine.versions("test"))).toEqual([
    { workflow: "three", open: 1 },
    { workflow: "waits", version: "v1", open: 2 },
  ]);
  await rig.close();
});
