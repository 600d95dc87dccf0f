import { rpc, serde } from "@restatedev/restate-sdk-clients";
import { equal, eventually, fails, holds, ran } from "../check.ts";
import { counterOf, echoOf, resultOf, sendToEcho } from "../clients.ts";
import type { Told } from "../services/calls.ts";
import { scenario, type ScenarioClass, type World } from "../world.ts";

const json = { "content-type": "application/json" };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function post(
  world: World,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return answered(
    await world.request(path, {
      method: "POST",
      ...(body === undefined ? { headers } : { headers: { ...json, ...headers } }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

const get = async (world: World, path: string): Promise<Answer> =>
  answered(await world.request(path));

async function answered(reply: Response): Promise<Answer> {
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

const idOf = (answer: Answer): string => (answer.body as { invocationId: string }).invocationId;

const slow = (world: World, ms: number) => ({ ms, tag: world.key });

export const ingress: ScenarioClass = {
  name: "Ingress",
  scenarios: [
    scenario("headers go through to the handler, and the key it was called with", async (world) => {
      const opts = rpc.opts<void, Told>({
        idempotencyKey: world.key,
        headers: { "x-my-header": "my value" },
      });
      const told = await echoOf(world).request(opts);
      equal(told.headers["x-my-header"], "my value");
      equal(told.headers["idempotency-key"], undefined);
      holds(told.headers["x-restate-ingress-path"]?.endsWith("/Echo/request") === true, "the path");
      holds(told.id.startsWith("inv_1"), told.id);
    }),

    scenario("bytes go in and come out as they are", async (world) => {
      const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 37) % 256);
      const opts = rpc.opts<Uint8Array, Uint8Array>({ input: serde.binary, output: serde.binary });
      equal([...(await echoOf(world).bytes(bytes, opts))], [...bytes]);
      equal([...(await echoOf(world).bytesOfAStep(bytes, opts))], [...bytes]);
    }),

    scenario("four megabytes go in and come out", async (world) => {
      const bytes = new Uint8Array(4_000_000).fill(7);
      const opts = rpc.opts<Uint8Array, Uint8Array>({ input: serde.binary, output: serde.binary });
      const back = await echoOf(world).bytes(bytes, opts);
      equal(back.length, bytes.length);
      holds(
        back.every((byte) => byte === 7),
        "the same bytes",
      );
    }),

    scenario("an answer has the handler's content type and the invocation's id", async (world) => {
      const answer = await post(world, "/Echo/say", { a: 1 });
      equal(answer.status, 200);
      equal(answer.body, { a: 1 });
      equal(answer.headers.get("content-type"), "application/json");
      holds(answer.headers.get("x-restate-id")?.startsWith("inv_1") === true, "its id is told");
    }),

    scenario("the longer paths are the same", async (world) => {
      equal((await post(world, "/restate/call/Echo/upper", "a")).body, "A");
      const sent = await post(world, `/restate/send/Counter/${world.key}/add`, 5);
      equal(sent.status, 202);
      await eventually(async () => equal(await counterOf(world).get(), 5));
    }),

    scenario("a key may have any characters", async (world) => {
      const key = `${world.key}/a b?ü#%`;
      const answer = await post(world, `/Counter/${encodeURIComponent(key)}/add`, 1);
      equal(answer.body, { before: 0, after: 1 });
      equal(await counterOf(world, key).get(), 1);
    }),

    scenario("a handler without input is called by GET, too", async (world) => {
      equal((await get(world, `/Counter/${world.key}/get`)).body, 0);
    }),

    scenario("an empty answer is empty", async (world) => {
      const answer = await post(world, "/Echo/nothing");
      equal(answer.status, 200);
      equal(answer.body, "");
    }),

    scenario("who has no service of that name is told so", async (world) => {
      for (const path of ["/Nobody/x", "/Echo/Nobody", "/Nobody/key/x/send"]) {
        const answer = await post(world, path);
        equal(answer.status, 404);
        holds(JSON.stringify(answer.body).includes("Nobody"), JSON.stringify(answer.body));
      }
    }),

    scenario("a private service is refused", async (world) => {
      equal((await post(world, "/Hidden/say", "x")).status, 400);
    }),

    scenario("health names the services", async (world) => {
      const answer = await get(world, "/restate/health");
      equal(answer.status, 200);
      const { services } = answer.body as { services: string[] };
      holds(services.includes("Echo") && services.includes("Counter"), services.join());
    }),

    scenario("browsers of anywhere may read the answers", async (world) => {
      const reply = await world.request("/Echo/nothing", {
        method: "POST",
        headers: { origin: "http://somewhere.example" },
      });
      await reply.text();
      equal(reply.status, 200);
      holds(reply.headers.get("access-control-allow-origin") !== null, "CORS");
    }),

    scenario("a method that is none is refused", async (world) => {
      const reply = await world.request("/Echo/upper", { method: "DELETE" });
      await reply.text();
      equal(reply.status, 405);
    }),

    scenario("what is no JSON is the handler's business, and fails there", async (world) => {
      const reply = await world.request("/Echo/upper", {
        method: "POST",
        headers: json,
        body: "no json",
      });
      holds(reply.status >= 400 && reply.status < 600, `${reply.status}`);
      await reply.text();
    }),
  ],
};

export const sends: ScenarioClass = {
  name: "Sends",
  scenarios: [
    scenario("a send is answered before its invocation ends", async (world) => {
      const sent = await post(world, "/Echo/slow/send", slow(world, 50));
      equal(sent.status, 202);
      const { status } = sent.body as { status: string };
      if (world.faults === "none") equal(status, "Accepted");
      equal((await get(world, `/restate/invocation/${idOf(sent)}/attach`)).body, world.key);
    }),

    scenario("an output that is not there yet is told from one that is", async (world) => {
      const sent = await post(world, "/Echo/slow/send", slow(world, 1_500));
      const path = `/restate/invocation/${idOf(sent)}/output`;
      if (world.faults === "none") equal((await get(world, path)).status, 470);
      await eventually(async () => equal((await get(world, path)).status, 200));
      equal((await get(world, path)).body, world.key);
    }),

    scenario("an invocation that is none is unknown", async (world) => {
      const unknown = "inv_1000000000000000000000000000000000000";
      for (const how of ["attach", "output"]) {
        const answer = await get(world, `/restate/invocation/${unknown}/${how}`);
        holds([400, 404].includes(answer.status), `${answer.status}`);
      }
    }),

    scenario("a delay is said in several ways", async (world) => {
      for (const delay of ["400ms", "PT0.4S", "400"]) {
        const startedMs = performance.now();
        const key = `${world.key}-${delay}`;
        const sent = await post(world, `/Counter/${key}/add/send?delay=${delay}`, 1);
        if (delay === "400" && sent.status !== 202) continue;
        equal(sent.status, 202);
        holds("executionTime" in (sent.body as object), JSON.stringify(sent.body));
        await get(world, `/restate/invocation/${idOf(sent)}/attach`);
        const tookMs = performance.now() - startedMs;
        holds(tookMs >= 390, `${delay}: ${tookMs} ms`);
      }
    }),

    scenario("the client's delay is kept", async (world) => {
      const startedMs = performance.now();
      const opts = rpc.sendOpts<string>({ delay: 400, idempotencyKey: world.key });
      const send = await sendToEcho(world).counted(world.key, opts);
      holds(Number(await resultOf(world, send)) >= 1, "it was executed");
      holds(performance.now() - startedMs >= 390, "not before its time");
      await ran(world, world.key, 1);
    }),

    scenario("a delay of a call, and one that is none, are refused", async (world) => {
      equal((await post(world, "/Echo/upper?delay=1s", "a")).status, 400);
      equal((await post(world, "/Echo/upper/send?delay=soon", "a")).status, 400);
    }),
  ],
};

export const idempotency: ScenarioClass = {
  name: "Idempotency",
  scenarios: [
    scenario("calls with one key are one invocation", async (world) => {
      const opts = rpc.opts<string, number>({ idempotencyKey: world.key });
      const calls = Array.from({ length: 6 }, () => echoOf(world).counted(world.key, opts));
      const first = (await Promise.all(calls))[0];
      equal(await echoOf(world).counted(world.key, opts), first ?? 0);
      await ran(world, world.key, 1);
    }),

    scenario("a kept answer says until when it is kept", async (world) => {
      const headers = { "idempotency-key": world.key };
      const first = await post(world, "/Echo/counted", world.key, headers);
      const again = await post(world, "/Echo/counted", world.key, headers);
      equal(again.body, first.body);
      equal(again.headers.get("x-restate-id"), first.headers.get("x-restate-id"));
      const expires = again.headers.get("idempotency-expires") ?? "";
      holds(Number.isFinite(Date.parse(expires)), `"${expires}" is a moment`);
    }),

    scenario("a key is the handler's and the object's own", async (world) => {
      const headers = { "idempotency-key": world.key };
      await post(world, `/Counter/${world.key}-1/add`, 1, headers);
      await post(world, `/Counter/${world.key}-2/add`, 1, headers);
      equal(await counterOf(world, `${world.key}-1`).get(), 1);
      equal(await counterOf(world, `${world.key}-2`).get(), 1);
    }),

    scenario("a send is found by its key, and says that it was known", async (world) => {
      const headers = { "idempotency-key": world.key };
      const first = await post(world, "/Echo/slow/send", slow(world, 300), headers);
      const again = await post(world, "/Echo/slow/send", slow(world, 300), headers);
      equal(idOf(again), idOf(first));
      equal((again.body as { status: string }).status, "PreviouslyAccepted");
      const path = `/restate/invocation/Echo/slow/${world.key}`;
      equal((await get(world, `${path}/attach`)).body, world.key);
      equal((await get(world, `${path}/output`)).body, world.key);
      equal((await post(world, "/Echo/slow", slow(world, 300), headers)).body, world.key);
    }),

    scenario("a failure is kept like an answer", async (world) => {
      const opts = rpc.opts<{ message: string; code: number }, void>({ idempotencyKey: world.key });
      const failure = { message: "once", code: 403 };
      await fails(echoOf(world).fails(failure, opts), { status: 403, message: "once" });
      await fails(echoOf(world).fails(failure, opts), { status: 403, message: "once" });
    }),

    scenario("an invocation's id is computed from its key", async (world) => {
      const headers = { "idempotency-key": world.key };
      const sent = await post(world, "/Echo/slow/send", slow(world, 20), headers);
      const found = await post(world, "/restate/lookup", {
        target: "idempotentInvocation",
        service: "Echo",
        handler: "slow",
        idempotencyKey: world.key,
      });
      equal(found.status, 200);
      equal(idOf(found), idOf(sent));
    }),

    scenario("attachments by a body reach all kinds of targets", async (world) => {
      const headers = { "idempotency-key": world.key };
      const sent = await post(world, "/Echo/slow/send", slow(world, 20), headers);
      const byKey = { target: "idempotentInvocation", service: "Echo", handler: "slow" };
      const byId = { target: "invocation", invocationId: idOf(sent) };
      for (const target of [{ ...byKey, idempotencyKey: world.key }, byId]) {
        equal((await post(world, "/restate/attach", target)).body, world.key);
        equal((await post(world, "/restate/output", target)).body, world.key);
      }
      equal((await get(world, `/restate/attach/${idOf(sent)}`)).body, world.key);
      equal((await get(world, `/restate/output/${idOf(sent)}`)).body, world.key);
    }),

    scenario("a workflow's run takes no key beside its own", async (world) => {
      const answer = await post(world, `/BlockAndWait/${world.key}/run`, "x", {
        "idempotency-key": "another",
      });
      equal(answer.status, 400);
    }),
  ],
};
