import { rpc } from "@restatedev/restate-sdk-clients";
import { equal, eventually, fails, holds, ran } from "../check.ts";
import { counterOf } from "../clients.ts";
import type { changing, hooked } from "../services/changing.ts";
import { changes } from "../services/choices.ts";
import type { GeneratedCounterHandlers, GeneratedHandlers } from "../services/generated.ts";
import { scenario, type ScenarioClass } from "../world.ts";

export const nonDeterminism: ScenarioClass = {
  name: "NonDeterminismErrors",
  scenarios: changes.map((how) =>
    scenario(
      `a replay that does otherwise is found out: ${how}`,
      async (world) => {
        const { ingress, key } = world;
        const client = ingress.objectSendClient<typeof changing>({ name: "Changing" }, key);
        const send = await client.change(how);
        await eventually(async () => {
          const row = await world.admin.invocation(
            send.invocationId,
            "status, completion_result, last_failure",
          );
          const isOver = row?.["status"] === "completed" && row["completion_result"] === "failure";
          holds(isOver || row?.["status"] === "paused", `it has ended: ${JSON.stringify(row)}`);
        });
        equal(await counterOf(world).get(), 0);
        await world.admin.ask("PATCH", `/invocations/${send.invocationId}/kill`);
      },
      { calm: "a broken connection is an attempt, so the ways come out otherwise" },
    ),
  ),
};

export const hooks: ScenarioClass = {
  name: "Hooks",
  scenarios: [
    scenario("interceptors see each attempt, and the steps that really run", async (world) => {
      const tag = world.key;
      const client = world.ingress.serviceClient<typeof hooked>({ name: "Hooked" });
      const opts = rpc.opts<string, string>({ headers: { "x-tag": tag } });
      equal(await client.steps(tag, opts), tag);
      await ran(world, `handler after ${tag}`, 1);
      await ran(world, `run before one ${tag}`, 1);
      await ran(world, `run after two ${tag}`, 1);
      holds((await world.counted(`handler before ${tag}`)) >= 2, "two attempts");
    }),

    scenario("interceptors see a failure", async (world) => {
      const client = world.ingress.serviceClient<typeof hooked>({ name: "Hooked" });
      const opts = rpc.opts<void, void>({ headers: { "x-tag": world.key } });
      await fails(client.fails(opts), { status: 500, message: "hooked and failed" });
      await ran(world, `handler error ${world.key}`, 1);
    }),
  ],
};

export const generators: ScenarioClass = {
  name: "Generators",
  scenarios: [
    scenario("a generator awaits a step and a sleep at once", async (world) => {
      const client = world.ingress.serviceClient<GeneratedHandlers>({ name: "Generated" });
      equal(await client.all(20), "one undefined");
    }),
    scenario("spawned fibers sleep, step and are joined", async (world) => {
      const client = world.ingress.serviceClient<GeneratedHandlers>({ name: "Generated" });
      equal(await client.spawned(6), 15);
    }),
    scenario("the loser of a race is left behind", async (world) => {
      const client = world.ingress.serviceClient<GeneratedHandlers>({ name: "Generated" });
      equal(await client.race(20), "fast");
    }),
    scenario("a failed step is compensated, once", async (world) => {
      const client = world.ingress.serviceClient<GeneratedHandlers>({ name: "Generated" });
      const tag = world.key;
      equal(await client.saga({ tag, failsAt: "never" }), "bought");
      equal(await world.counted(`release ${tag}`), 0);
      await fails(client.saga({ tag, failsAt: "charge" }), {
        status: 500,
        message: "the charge fails",
      });
      await ran(world, `release ${tag}`, 1);
    }),
    scenario("a step is tried again until it succeeds", async (world) => {
      const client = world.ingress.serviceClient<GeneratedHandlers>({ name: "Generated" });
      holds((await client.retried({ tag: world.key, attempts: 3 })) >= 3, "three attempts");
    }),
    scenario("an object keeps its state", async (world) => {
      const client = world.ingress.objectClient<GeneratedCounterHandlers>(
        { name: "GeneratedCounter" },
        world.key,
      );
      equal(await client.add(2), 2);
      equal(await client.add(3), 5);
    }),
  ],
};
