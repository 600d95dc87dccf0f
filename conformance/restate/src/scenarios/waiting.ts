import { equal, eventually, fails, holds, until } from "../check.ts";
import { heldAwakeable, holderOf, signalsOf, resultOf } from "../clients.ts";
import type { awakeables, signals, sleeper } from "../services/waiting.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const sleeperOf = ({ ingress }: World) =>
  ingress.serviceClient<typeof sleeper>({ name: "Sleeper" });

/** The moments are the journal's, so machine and test agree about what "not before" means. */
export const sleep: ScenarioClass = {
  name: "Sleep",
  scenarios: [
    scenario("a sleep takes as long as it says, at least", async (world) => {
      const startedMs = performance.now();
      await sleeperOf(world).sleep(150);
      const tookMs = performance.now() - startedMs;
      holds(tookMs >= 145, `it took ${tookMs} ms`);
    }),

    scenario("time passes between two moments of a handler", async (world) => {
      const passedMs = await sleeperOf(world).twoMoments(60);
      holds(passedMs >= 60, `${passedMs} ms have passed`);
    }),

    scenario("many sleeps of many invocations all end", async (world) => {
      const calls = Array.from({ length: 30 }, () => sleeperOf(world).many(20));
      equal(
        await Promise.all(calls),
        Array.from({ length: 30 }, () => 20),
      );
    }),

    scenario("of several sleeps the shortest ends first", async (world) => {
      equal(await sleeperOf(world).race([5_000, 30, 4_000]), 30);
    }),
  ],
};

/** Its step and its sleep are in the journal. */
const sleeps = ({ admin }: World, id: string) =>
  until("it sleeps", async () => {
    const row = await admin.invocation(id, "journal_commands_size");
    return Number(row?.["journal_commands_size"]) >= 3;
  });

export const sleepWithFailures: ScenarioClass = {
  name: "SleepWithFailures",
  scenarios: (["SIGKILL", "SIGTERM"] as const).map((signal) =>
    scenario(
      `a sleep survives the services' end by ${signal}`,
      async (world) => {
        const own = await world.own();
        const send = await world.ingress.send({
          service: own.named("Own"),
          handler: "sleep",
          parameter: new TextEncoder().encode("1500"),
        });
        await sleeps(world, send.invocationId);
        await own.process.end(signal);
        await own.process.start();
        // Its step ran in the first process alone; the second got the result from the journal.
        equal<unknown>(await resultOf(world, send), 1);
        equal(await own.process.counted("sleep starts"), 0);
      },
      { calm: "a broken connection lets the step run again" },
    ),
  ),
};

function waiting(world: World) {
  const client = world.ingress.serviceClient<typeof awakeables>({ name: "Awakeables" });
  return client.wait(world.key);
}

export const awakeable: ScenarioClass = {
  name: "Awakeables",
  scenarios: [
    scenario("another handler resolves it, with any JSON value", async (world) => {
      const answer = waiting(world);
      await heldAwakeable(world);
      await holderOf(world).resolve({ deep: ["value", 1, null] });
      equal(await answer, { deep: ["value", 1, null] });
    }),

    scenario("another handler rejects it", async (world) => {
      const answer = waiting(world);
      const failed = fails(answer, { status: 500, message: "not today" });
      await heldAwakeable(world);
      await holderOf(world).reject("not today");
      await failed;
    }),

    scenario("the ingress resolves it", async (world) => {
      const answer = waiting(world);
      const id = await heldAwakeable(world);
      await eventually(() => world.ingress.resolveAwakeable(id, "from outside"));
      equal(await answer, "from outside");
    }),

    scenario("the ingress rejects it with a reason", async (world) => {
      const answer = waiting(world);
      const failed = fails(answer, { status: 500, message: "no reason" });
      const id = await heldAwakeable(world);
      await eventually(() => world.ingress.rejectAwakeable(id, "no reason"));
      await failed;
    }),

    scenario("the longer paths of the ingress do the same", async (world) => {
      const answer = waiting(world);
      const id = await heldAwakeable(world);
      const reply = await world.request(`/restate/awakeables/${id}/resolve`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "[1,2]",
      });
      equal(reply.status, 202);
      equal(await answer, [1, 2]);
    }),

    scenario("the first completion counts", async (world) => {
      const answer = waiting(world);
      const id = await heldAwakeable(world);
      await eventually(() => world.ingress.resolveAwakeable(id, "first"));
      await eventually(() => world.ingress.resolveAwakeable(id, "second"));
      await eventually(() => world.ingress.rejectAwakeable(id, "third"));
      equal(await answer, "first");
    }),

    scenario("it may be completed before it is awaited", async (world) => {
      const client = world.ingress.serviceClient<typeof awakeables>({ name: "Awakeables" });
      equal(await client.completedEarly("early"), "early");
    }),

    scenario("a timeout ends the wait for it", async (world) => {
      const client = world.ingress.serviceClient<typeof awakeables>({ name: "Awakeables" });
      equal(await client.waitOrTimeout({ key: world.key, ms: 40 }), "timeout");
    }),

    scenario("an id that is none is refused", async (world) => {
      const reply = await world.request("/restate/awakeables/nonsense/resolve", { method: "POST" });
      equal(reply.status, 400);
      await reply.text();
    }),
  ],
};

async function waitsFor(world: World, name: string) {
  const client = world.ingress.serviceSendClient<typeof signals>({ name: "Signals" });
  return client.wait(name);
}

export const signal: ScenarioClass = {
  name: "Signals",
  scenarios: [
    scenario("a signal carries a value", async (world) => {
      const send = await waitsFor(world, "mine");
      const value = { key: "k", count: 42 };
      await signalsOf(world).resolve({ id: send.invocationId, name: "mine", values: [value] });
      equal(await resultOf(world, send), value);
    }),

    scenario("a rejected signal fails its waiter", async (world) => {
      const send = await waitsFor(world, "mine");
      await signalsOf(world).reject({ id: send.invocationId, name: "mine", reason: "boom" });
      await fails(resultOf(world, send), { status: 500, message: "boom" });
    }),

    scenario("signals are told apart by their names", async (world) => {
      const client = world.ingress.serviceSendClient<typeof signals>({ name: "Signals" });
      const send = await client.waitForTwo();
      const id = send.invocationId;
      await signalsOf(world).resolve({ id, name: "two", values: ["second"] });
      await signalsOf(world).resolve({ id, name: "other", values: ["nobody's"] });
      await signalsOf(world).resolve({ id, name: "one", values: ["first"] });
      equal(await resultOf(world, send), ["first", "second"]);
    }),

    scenario("a timeout wins where no signal comes", async (world) => {
      equal(await signalsOf(world).waitOrTimeout(40), "timeout");
    }),

    scenario("a signal wins that comes before the timeout", async (world) => {
      const client = world.ingress.serviceSendClient<typeof signals>({ name: "Signals" });
      const send = await client.waitOrTimeout(40_000);
      await signalsOf(world).resolve({ id: send.invocationId, name: "late", values: ["in time"] });
      equal(await resultOf(world, send), "in time");
    }),

    scenario("signals of one name are a stream", async (world) => {
      const client = world.ingress.serviceSendClient<typeof signals>({ name: "Signals" });
      const send = await client.stream();
      const id = send.invocationId;
      await signalsOf(world).resolve({ id, name: "stream", values: ["a", "b"] });
      await signalsOf(world).resolve({ id, name: "stream", values: ["c", null] });
      equal(await resultOf(world, send), ["a", "b", "c"]);
    }),

    scenario("names may have any characters", async (world) => {
      const name = "#17 ü/%:?";
      const send = await waitsFor(world, name);
      await signalsOf(world).resolve({ id: send.invocationId, name, values: [1] });
      equal(await resultOf(world, send), 1);
    }),

    scenario("who waits twice for one name suspends in between", async (world) => {
      const client = world.ingress.serviceSendClient<typeof signals>({ name: "Signals" });
      const send = await client.sameNameTwice();
      const id = send.invocationId;
      await signalsOf(world).resolve({ id, name: "again", values: ["first"] });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await signalsOf(world).resolve({ id, name: "again", values: ["second"] });
      equal(await resultOf(world, send), ["first", "second"]);
    }),
  ],
};
