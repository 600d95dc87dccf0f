import { expect, test } from "vitest";
import { PerdureError, runStream, type RunId } from "@perdure/kernel";
import { Disk, type Store } from "@perdure/store";
import { text } from "./testing/payloads.test-support.ts";
import { Rig } from "./testing/rig.test-support.ts";
import { waits } from "./testing/scripts.test-support.ts";

test("a read of a failed attempt to open a partition comes too late to count", async () => {
  let refusals = 0;
  let slow: RunId | undefined;
  let broken: RunId | undefined;
  const late = Promise.withResolvers<void>();
  const read =
    (store: Store): Store["read"] =>
    async (stream) => {
      const data = await store.read(stream);
      if (slow !== undefined && stream === runStream(slow)) {
        slow = undefined;
        await late.promise;
      } else if (broken !== undefined && stream === runStream(broken)) {
        broken = undefined;
        throw new PerdureError("unavailable", "not now");
      }
      return data;
    };
  const rig = await Rig.open({
    disk: new Disk(1),
    faults: {
      before: () => Promise.resolve(refusals-- > 0 ? "abort" : "none"),
      after: () => Promise.resolve("none"),
    },
    store: (memory) =>
      new Proxy(memory, {
        get: (target, name) => {
          const value: unknown = name === "read" ? read(target) : Reflect.get(target, name);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
      }),
  });
  rig.worker({ scripts: { waits } });
  const { runId } = await rig.start({ workflow: "waits" });
  const other = await rig.start({ workflow: "waits" });
  await rig.env.pass(100);
  [slow, broken] = [runId, other.runId];
  refusals = 1;
  await rig.start({ workflow: "waits" }).catch(() => undefined);
  await rig.env.pass(2_000);
  expect([slow, broken]).toEqual([undefined, undefined]);
  await rig.env.run(rig.engine.signal({ runId }, { name: "go", payload: text("went") }));
  await rig.env.pass(100);
  late.resolve();
  await rig.env.pass(100);
  const seen = await rig.env.run(rig.engine.describe(runId));
  expect(seen).toMatchObject({ outcome: { status: "completed" } });
  expect(await rig.result(runId)).toBe("went");
  await rig.close();
});
