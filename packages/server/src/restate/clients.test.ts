/** Restate's unmodified SDK behind this server, and its unmodified clients before it. */
import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { connect, workflow } from "perdure";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

/** The SDK declares it for `any`, with fields that may be undefined. */
const json = restate.serde.json as restate.Serde<string>;

const greeter = restate.service({
  name: "Greeter",
  handlers: {
    greet: async (ctx: restate.Context, name: string) => {
      const at = await ctx.run("stamp", () => "noon");
      await ctx.sleep(10);
      return `Hello ${name} at ${at}`;
    },
    refuse: async () => {
      throw new restate.TerminalError("no greeting", { errorCode: 418 });
    },
    ask: async (ctx: restate.Context) => {
      const { id, promise } = ctx.awakeable<string>();
      await ctx.run("tell", () => void asked.resolve(id));
      return promise;
    },
    native: async (ctx: restate.Context, name: string) =>
      ctx.genericCall<string, string>({
        service: "perdure.main",
        method: "shout",
        key: `shout-${name}`,
        parameter: name,
        inputSerde: json,
        outputSerde: json,
      }),
  },
});

const counter = restate.object({
  name: "Counter",
  handlers: {
    add: async (ctx: restate.ObjectContext, by: number) => {
      const value = ((await ctx.get<number>("value")) ?? 0) + by;
      ctx.set("value", value);
      return value;
    },
    read: restate.handlers.object.shared(async (ctx: restate.ObjectSharedContext) => {
      return (await ctx.get<number>("value")) ?? 0;
    }),
  },
});

const signup = restate.workflow({
  name: "Signup",
  handlers: {
    run: async (ctx: restate.WorkflowContext, name: string) => {
      return `${name} ${await ctx.promise<string>("clicked")}`;
    },
    click: restate.handlers.workflow.shared(
      async (ctx: restate.WorkflowSharedContext, how: string) => {
        await ctx.promise<string>("clicked").resolve(how);
      },
    ),
  },
});

let asked = Promise.withResolvers<string>();
let rig: Rig;
let endpoint: Http2Server;
let key: string;
let ingress: clients.Ingress;

beforeAll(async () => {
  rig = await Rig.open({
    restate: { enabled: true, ingressPort: 0, adminPort: 0, allow: ["127.0.0.1"] },
    graceMs: 100,
  });
  key = await rig.key("admin");
  endpoint = createServer(
    restate.createEndpointHandler({
      services: [greeter, counter, signup],
      logger: () => undefined,
    }),
  );
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const { port } = endpoint.address() as AddressInfo;
  const registered = await admin("/deployments", { uri: `http://127.0.0.1:${port}` });
  if (registered.status !== 201) throw new Error(await registered.text());
  const headers = { authorization: `Bearer ${key}` };
  ingress = clients.connect({ url: rig.server.restate!.ingressUrl, headers });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  endpoint.close();
});

async function admin(path: string, body?: unknown): Promise<Response> {
  return fetch(rig.server.restate!.adminUrl + path, {
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
}

test("a service is called, and its terminal errors come back with their code", async () => {
  const client = ingress.serviceClient<typeof greeter>({ name: "Greeter" });
  expect(await client.greet("Ada")).toBe("Hello Ada at noon");
  await expect(client.refuse()).rejects.toMatchObject({ status: 418 });
});

test("an object keeps its state, one call after the other", async () => {
  const client = ingress.objectClient<typeof counter>({ name: "Counter" }, "a/b ü");
  const sums = await Promise.all([1, 1, 1, 1].map((by) => client.add(by)));
  expect(sums.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  expect(await client.read()).toBe(4);
});

test("a send is waited for later, and an idempotency key finds it again", async () => {
  const sends = ingress.serviceSendClient<typeof greeter>({ name: "Greeter" });
  const opts = clients.rpc.sendOpts<string>({ idempotencyKey: "once" });
  const sent = await sends.greet("Grace", opts);
  expect(sent.status).toBe("Accepted");
  const again = await sends.greet("Grace", opts);
  expect([again.status, again.invocationId]).toEqual(["PreviouslyAccepted", sent.invocationId]);
  expect(await ingress.result(sent)).toBe("Hello Grace at noon");
  const delay = { milliseconds: 50 };
  const later = await sends.greet(
    "Later",
    clients.rpc.sendOpts<string>({ delay, idempotencyKey: "later" }),
  );
  expect(await ingress.result(later)).toBe("Hello Later at noon");
});

test("a workflow is submitted once, talked to, and attached to", async () => {
  const client = ingress.workflowClient<typeof signup>({ name: "Signup" }, "ada");
  const submitted = await client.workflowSubmit("Ada");
  expect(submitted.status).toBe("Accepted");
  expect((await client.workflowSubmit("Ada")).status).toBe("PreviouslyAccepted");
  expect(await client.workflowOutput()).toMatchObject({ ready: false });
  await client.click("by mail");
  expect(await client.workflowAttach()).toBe("Ada by mail");
  expect(await client.workflowOutput()).toMatchObject({ ready: true, result: "Ada by mail" });
});

test("an awakeable is resolved and rejected from outside", async () => {
  const client = ingress.serviceClient<typeof greeter>({ name: "Greeter" });
  const first = client.ask();
  await ingress.resolveAwakeable(await asked.promise, "yes");
  expect(await first).toBe("yes");
  asked = Promise.withResolvers<string>();
  const second = client.ask();
  await ingress.rejectAwakeable(await asked.promise, "not today");
  await expect(second).rejects.toThrow("not today");
});

test("a handler and the ingress call a native workflow, and native code calls a handler", async () => {
  const greet = workflow({ name: "Greeter.greet", queue: "restate" }, elsewhere);
  const shout = workflow({ name: "shout", queue: "main" }, async (ctx, name: string) => {
    const greeting = await ctx.call(greet, name);
    return greeting.toUpperCase();
  });
  const apiKey = await rig.key("worker");
  await using _perdure = await connect(rig.server.url, { apiKey, workflows: [shout] });
  const client = ingress.serviceClient<typeof greeter>({ name: "Greeter" });
  expect(await client.native("Ada")).toBe("HELLO ADA AT NOON");
  const direct = await ingress.call<string, string>({
    service: "perdure.main",
    handler: "shout",
    parameter: "Bob",
    opts: clients.rpc.opts({ input: json, output: json }),
  });
  expect(direct).toBe("HELLO BOB AT NOON");
});

async function elsewhere(_ctx: unknown, _name: string): Promise<string> {
  throw new Error("a handler has this code");
}

test("what runs is seen by SQL and by the engine's own list", async () => {
  const answer = await fetch(`${rig.server.restate!.adminUrl}/query`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      accept: "application/json",
      "content-type": "application/json",
    },
    body: JSON.stringify({
      query: "select target from sys_invocation where target_service_name = 'Signup'",
    }),
  });
  const { rows } = (await answer.json()) as {
    readonly rows: readonly { readonly target: string }[];
  };
  expect(rows.map(({ target }) => target).toSorted()).toEqual([
    "Signup/ada/click",
    "Signup/ada/run",
  ]);
  const listed = await rig.call("runs.list", { query: { workflow: "Signup.run" } });
  expect(listed.body.rows).toHaveLength(1);
});
