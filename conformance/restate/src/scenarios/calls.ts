import { rpc } from "@restatedev/restate-sdk-clients";
import { equal, eventually, fails, holds, ran } from "../check.ts";
import { counterOf, echoOf, proxyOf, resultOf } from "../clients.ts";
import type { AskedOfMany, proxy } from "../services/calls.ts";
import type { runs } from "../services/failing.ts";
import type { Change, list } from "../services/state.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

async function ordered(world: World, how: readonly AskedOfMany["how"][]): Promise<void> {
  const to = { service: "ListObject", key: world.key, handler: "append" };
  await proxyOf(world).many(how.map((each, i) => ({ ...to, parameter: `${i}`, how: each })));
  const client = world.ingress.objectClient<typeof list>({ name: "ListObject" }, world.key);
  equal(await client.take(), ["0", "1", "2"]);
}

export const callOrdering: ScenarioClass = {
  name: "CallOrdering",
  // The last is awaited, so that nothing is open when the list is read.
  scenarios: [
    scenario("a send, then two calls, arrive in this order", (world) =>
      ordered(world, ["send", "call and await at the end", "call and await at the end"]),
    ),
    scenario("a call, a send, and a call arrive in this order", (world) =>
      ordered(world, ["call and await at the end", "send", "call and await at the end"]),
    ),
    scenario("two sends and a call arrive in this order", (world) =>
      ordered(world, ["send", "send", "call and await at the end"]),
    ),
    scenario("a call that is awaited comes before what follows", (world) =>
      ordered(world, ["call", "send", "call"]),
    ),
  ],
};

const add = (world: World) => ({
  service: "Counter",
  key: world.key,
  handler: "add",
  parameter: 1,
});

export const serviceToService: ScenarioClass = {
  name: "ServiceToService",
  scenarios: [
    scenario("a call is answered with what its callee returns", async (world) => {
      const asked = { service: "Echo", handler: "upper", parameter: "ping" };
      equal(await proxyOf(world).call(asked), "PING");
    }),

    scenario("a call's id is known while it is open", async (world) => {
      const asked = { service: "Echo", handler: "slow", parameter: { ms: 20, tag: "x" } };
      const [id, value] = await proxyOf(world).callWithId(asked);
      equal(value, "x");
      holds(id.startsWith("inv_1"), `${id} is an invocation's id`);
    }),

    scenario("a send is done after its sender has ended", async (world) => {
      await proxyOf(world).send(add(world));
      await eventually(async () => equal(await counterOf(world).get(), 1));
    }),

    scenario("a send with an idempotency key is done once", async (world) => {
      const asked = { ...add(world), idempotencyKey: world.key };
      const first = await proxyOf(world).send(asked);
      const second = await proxyOf(world).send(asked);
      equal(second, first);
      await eventually(async () => equal(await counterOf(world).get(), 1));
      const output = await world.request(
        `/restate/invocation/Counter/${world.key}/add/${world.key}/attach`,
      );
      equal(await output.json(), { before: 0, after: 1 });
    }),

    scenario("a call with an idempotency key is done once, and answered again", async (world) => {
      const asked = { ...add(world), idempotencyKey: world.key };
      equal(await proxyOf(world).call(asked), { before: 0, after: 1 });
      equal(await proxyOf(world).call(asked), { before: 0, after: 1 });
      equal(await counterOf(world).get(), 1);
      const output = await world.request(
        `/restate/invocation/Counter/${world.key}/add/${world.key}/output`,
      );
      equal(await output.json(), { before: 0, after: 1 });
    }),

    scenario("a handler's key and the ingress's are one", async (world) => {
      const opts = rpc.opts<number, Change>({ idempotencyKey: world.key });
      equal(await counterOf(world).add(1, opts), { before: 0, after: 1 });
      const asked = { ...add(world), idempotencyKey: world.key };
      equal(await proxyOf(world).call(asked), { before: 0, after: 1 });
      equal(await counterOf(world).get(), 1);
    }),

    scenario(
      "sends with a delay wait beside each other, before the object's queue",
      async (world) => {
        const delayMs = 1_200;
        const startedMs = performance.now();
        await Promise.all(
          Array.from({ length: 5 }, () => proxyOf(world).send({ ...add(world), delayMs })),
        );
        await eventually(async () => equal(await counterOf(world).get(), 5));
        const tookMs = performance.now() - startedMs;
        holds(tookMs >= delayMs, `${tookMs} ms are not less than the delay`);
      },
    ),

    scenario("an attachment in a handler waits for another invocation's end", async (world) => {
      const asked = { service: "Echo", handler: "slow", parameter: { ms: 50, tag: world.key } };
      equal(await proxyOf(world).sendAndAttach(asked), world.key);
    }),

    scenario("an attachment to an invocation that has ended is answered at once", async (world) => {
      const id = await proxyOf(world).send({ ...add(world), idempotencyKey: world.key });
      await eventually(async () => equal(await counterOf(world).get(), 1));
      equal(await proxyOf(world).attach(id), { before: 0, after: 1 });
    }),

    scenario("an attachment to a failed invocation fails in the same way", async (world) => {
      const asked = {
        service: "Echo",
        handler: "fails",
        parameter: { message: "it fails", code: 418 },
      };
      await fails(proxyOf(world).sendAndAttach(asked), { status: 418, message: "it fails" });
    }),

    scenario("headers of a call arrive at its callee", async (world) => {
      const headers = { "x-of-the-call": "a value" };
      const told = await proxyOf(world).call({ service: "Echo", handler: "request", headers });
      equal((told as { headers: Record<string, string> }).headers["x-of-the-call"], "a value");
    }),

    scenario("a private service is called by handlers alone", async (world) => {
      const asked = { service: "Hidden", handler: "say", parameter: "hello" };
      equal(await proxyOf(world).call(asked), "psst: hello");
      const reply = await world.request("/Hidden/say", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '"hello"',
      });
      equal(reply.status, 400);
      await reply.text();
    }),

    scenario(
      "a call to a service that nobody has is tried again until it is there",
      async (world) => {
        const client = world.ingress.serviceSendClient<typeof proxy>({ name: "Proxy" });
        const asked = { service: `Own_${world.key}`, handler: "say", parameter: "late" };
        const send = await client.call(asked);
        await eventually(async () => {
          const row = await world.admin.invocation(send.invocationId, "status, retry_count");
          holds(row?.["status"] === "backing-off" || row?.["status"] === "running", "it is tried");
          holds(Number(row?.["retry_count"]) > 0, "it has been tried before");
        });
        await world.own();
        equal(await resultOf(world, send), "own: late");
      },
    ),

    scenario("a handler of two hundred steps comes to its end", async (world) => {
      const client = world.ingress.serviceClient<typeof runs>({ name: "Runs" });
      equal(await client.manySteps(200), (200 * 199) / 2);
    }),

    scenario("calls through a chain come back through it", async (world) => {
      const inner = { service: "Echo", handler: "counted", parameter: world.key };
      const middle = { service: "Proxy", handler: "call", parameter: inner };
      const outer = { service: "Proxy", handler: "call", parameter: middle };
      const value = await proxyOf(world).call(outer);
      holds(Number(value) >= 1, "the innermost has answered");
      await ran(world, world.key, 1);
      await echoOf(world).nothing();
    }),
  ],
};
