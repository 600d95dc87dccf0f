/** The engine's workers follow what is registered. */
import { service, type Context } from "@restatedev/restate-sdk";
import { afterEach, expect, it } from "vitest";
import { eventually } from "./eventually.test-support.ts";
import { driverLimits } from "./limits.ts";
import { NAMESPACE, sdkEndpoint, World, type SdkEndpoint } from "./driver.test-support.ts";

const worlds: World[] = [];
const endpoints: SdkEndpoint[] = [];

afterEach(async () => {
  for (const endpoint of endpoints.splice(0)) endpoint.close();
  for (const world of worlds.splice(0)) await world.close();
});

const serving = (word: string, ...names: readonly string[]) =>
  names.map((name) =>
    service({
      name,
      handlers: {
        say: async () => word,
        nap: async (ctx: Context, ms: number) => {
          await ctx.sleep(ms);
          return word;
        },
      },
    }),
  );

async function uriOf(services: Parameters<typeof sdkEndpoint>[0]): Promise<string> {
  const endpoint = await sdkEndpoint(services);
  endpoints.push(endpoint);
  return endpoint.uri;
}

async function opened(): Promise<World> {
  const world = await World.open();
  worlds.push(world);
  return world;
}

const openWorkers = async (world: World) =>
  (await world.engine.workers(NAMESPACE))
    .filter(({ phase }) => phase === "open")
    .map(({ versioning, queues }) => [versioning, ...queues.flatMap(({ workflows }) => workflows)]);

it("has workers for what a deployment is the latest for, and for what it has had (R1)", async () => {
  const world = await opened();
  await world.register(await uriOf(serving("one", "A", "B")));
  await world.register(await uriOf(serving("two", "B")));
  await eventually(async () => {
    const workers = await openWorkers(world);
    expect(workers.toSorted((a, b) => (a.join() < b.join() ? -1 : 1))).toEqual([
      ["pin", "A.nap", "A.say"],
      ["pin", "B.nap", "B.say"],
      ["pinned", "A.nap", "A.say", "B.nap", "B.say"],
      ["pinned", "B.nap", "B.say"],
    ]);
  });
  expect(await world.call("A/say")).toBe("one");
  expect(await world.call("B/say")).toBe("two");
  const [worker] = await world.engine.workers(NAMESPACE);
  expect(worker).toMatchObject({ runSlots: driverLimits.holds, taskSlots: 0 });
});

it("lets what is in progress finish when the service moves on (R2)", async () => {
  const world = await opened();
  await world.register(await uriOf(serving("one", "A")));
  const runId = await world.send("A/nap", 300);
  await eventually(async () => expect(await world.kinds(runId)).toContain("timer.started"));
  await world.register(await uriOf(serving("two", "A")));
  expect(await world.call("A/say")).toBe("two");
  expect(await world.value(runId)).toBe("one");
  expect(await world.kinds(runId)).not.toContain("activation.failed");
});

it("serves a deployment no more that is removed, and its invocations wait", async () => {
  const world = await opened();
  const { id } = await world.register(await uriOf(serving("one", "A")));
  const runId = await world.send("A/nap", 60_000);
  await eventually(async () => expect(await world.kinds(runId)).toContain("timer.started"));
  await world.registry.remove(NAMESPACE, id);
  await eventually(async () => expect(await world.engine.workers(NAMESPACE)).toEqual([]));
  expect((await world.engine.describe(runId)).outcome).toBeUndefined();
});

it("follows a deployment to another address", async () => {
  const world = await opened();
  const first = await sdkEndpoint(serving("one", "A"));
  const { id } = await world.register(first.uri);
  expect(await world.call("A/say")).toBe("one");
  first.close();
  const uri = await uriOf(serving("moved", "A"));
  await world.registry.update(NAMESPACE, id, { uri });
  expect(await world.call("A/say")).toBe("moved");
});
