import type { counter, list, mapObject } from "../services/state.ts";
import type { proxy } from "../services/calls.ts";
import { equal, eventually, fails } from "../check.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const counterOf = ({ ingress, key }: World) =>
  ingress.objectClient<typeof counter>({ name: "Counter" }, key);

const mapOf = ({ ingress }: World, key: string) =>
  ingress.objectClient<typeof mapObject>({ name: "MapObject" }, key);

export const state: ScenarioClass = {
  name: "State",
  scenarios: [
    scenario("an object keeps its state from call to call", async (world) => {
      const client = counterOf(world);
      equal(await client.add(1), { before: 0, after: 1 });
      equal(await client.add(2), { before: 1, after: 3 });
      equal(await client.get(), 3);
      await client.reset();
      equal(await client.get(), 0);
    }),

    scenario("each key has a state of its own", async (world) => {
      const one = mapOf(world, `${world.key}-1`);
      const two = mapOf(world, `${world.key}-2`);
      await one.set({ key: "a", value: "1" });
      await one.set({ key: "b", value: "2" });
      await two.set({ key: "c", value: "3" });
      const cleared = await one.clearAll();
      equal(cleared.map(({ key, value }) => `${key}=${value}`).toSorted(), ["a=1", "b=2"]);
      equal(await one.get("a"), "");
      equal(await one.isAbsent("b"), true);
      equal(await two.get("c"), "3");
    }),

    scenario("the keys are those that are set", async (world) => {
      const client = mapOf(world, world.key);
      await client.set({ key: "a", value: "1" });
      await client.set({ key: "b", value: "2" });
      await client.clear("a");
      await client.set({ key: "key with / and ü", value: "3" });
      equal((await client.keys()).toSorted(), ["b", "key with / and ü"]);
    }),

    scenario("a handler reads what it has written, also after a wait", async (world) => {
      equal(await counterOf(world).addAroundASleep(1), [1, 1, 2, 2, 3, 3]);
      const client = mapOf(world, world.key);
      await client.set({ key: "a", value: "old" });
      equal(await client.mixed(), ["old", "1", null, "2", null, ""]);
    }),

    scenario("state of many and large values comes back whole", async (world) => {
      const client = mapOf(world, world.key);
      await client.writeMany({ count: 60, chars: 30_000 });
      equal(await client.sumOfLengths(), 60 * 30_000);
    }),

    scenario("bytes that are no text are kept as they are", async (world) => {
      const client = mapOf(world, world.key);
      const bytes = [0, 255, 128, 10, 13, 0, 195, 40];
      await client.setBytes(bytes);
      equal(await client.getBytes(), bytes);
    }),

    scenario("one-way calls to an object are all counted", async (world) => {
      const client = world.ingress.serviceClient<typeof proxy>({ name: "Proxy" });
      const add = { service: "Counter", key: world.key, handler: "add", parameter: 1 };
      for (let i = 0; i < 3; i++) await client.send(add);
      await eventually(async () => equal(await counterOf(world).get(), 3));
    }),

    scenario("what was set before a terminal failure stays", async (world) => {
      await fails(counterOf(world).addThenFail(2), { status: 500, message: world.key });
      equal(await counterOf(world).get(), 2);
    }),

    scenario("calls of one key at once are done one after the other", async (world) => {
      const calls = Array.from({ length: 25 }, () => counterOf(world).add(1));
      const after = (await Promise.all(calls)).map((change) => change.after);
      equal(
        after.toSorted((a, b) => a - b),
        Array.from({ length: 25 }, (_, i) => i + 1),
      );
    }),

    scenario("sends to one key are done in the order of their acceptance", async (world) => {
      const client = world.ingress.objectSendClient<typeof list>({ name: "ListObject" }, world.key);
      const items = Array.from({ length: 10 }, (_, i) => `${i}`);
      for (const item of items) await client.append(item);
      const reader = world.ingress.objectClient<typeof list>({ name: "ListObject" }, world.key);
      equal(await reader.get(), items);
    }),
  ],
};
