/** What one server of several keeps is right at the others: keys, push endpoints, deployments. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createServer2 } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { workflow } from "perdure";
import { pushHandler, toNodeListener } from "perdure/push";
import { describe, expect, test } from "vitest";
import type { Rig } from "./testing/rig.test-support.ts";
import { Servers } from "./testing/two-servers.test-support.ts";

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => void setTimeout(done, 20));
}

describe("an API key", () => {
  test("that is made at one server works at the others at once, and not for long after it is revoked", async () => {
    await using servers = await Servers.open();
    const [a, b] = servers.rigs as [Rig, Rig];
    const status = async (rig: Rig, key: string) =>
      (await rig.call("server.whoami", { key })).status;
    for (const [here, there] of [
      [a, b],
      [b, a],
    ] as const) {
      const wanted = { namespace: "t", role: "client" } as const;
      const { secret, key } = await here.server.apiKeys.create(wanted, "test");
      expect(await status(here, secret)).toBe(200);
      await until(async () => (await status(there, secret)) === 200);
      await there.server.apiKeys.revoke("t", key.id);
      expect(await status(there, secret)).toBe(401);
      await until(async () => (await status(here, secret)) === 401);
    }
  });

  test("that is revoked stays so, though its last use is written after that", async () => {
    await using servers = await Servers.open(1);
    const [a] = servers.rigs as [Rig];
    const { apiKeys } = a.server;
    const { secret, key } = await apiKeys.create({ namespace: "t", role: "client" }, "test");
    const used = apiKeys.authenticate(secret);
    await apiKeys.revoke("t", key.id);
    await used;
    await until(async () => (await apiKeys.list("t"))[0]?.lastUsedAt !== undefined);
    expect(await apiKeys.authenticate(secret)).toBeUndefined();
  });
});

const parcel = workflow({ name: "parcel" }, async (ctx, to: string) =>
  ctx.step("ship", () => `to ${to}`),
);

interface App {
  readonly url: string;
  readonly server: Server;
}

/** Code that is pushed to, signed with the key that everybody knows. */
async function app(): Promise<App> {
  const handler = pushHandler({ workflows: [parcel], insecure: true, log: () => undefined });
  const server = createServer(toNodeListener(handler)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/perdure`, server };
}

describe("a push endpoint", () => {
  test("is served by one server, seen at all, and served by another when that one leaves", async () => {
    const { url, server } = await app();
    await using servers = await Servers.open(2, { push: { allow: ["127.0.0.1"] } });
    const endpoints = async (rig: Rig) =>
      (await rig.call("push.list")).body["endpoints"] as readonly {
        readonly id: string;
        readonly isServing: boolean;
      }[];
    const [a, b] = servers.rigs as [Rig, Rig];
    for (const [n, rig] of [a, b].entries()) {
      const body = { url, insecure: true, concurrency: 3 };
      const put = await rig.call("push.put", { params: { endpointId: `app-${n}` }, body });
      expect([put.status, put.text]).toEqual([200, put.text]);
    }
    for (const rig of [a, b]) {
      await until(async () => {
        const found = await endpoints(rig);
        return found.length === 2 && found.every(({ isServing }) => isServing);
      });
    }
    const workers = await a.server.engine.workers("default");
    const serving = workers.filter(({ labels, phase }) => labels["endpoint"] && phase === "open");
    const served = serving.map(({ labels }) => labels["endpoint"]);
    expect([served.length, new Set(served).size]).toEqual([2, 2]);
    await servers.leave(b);
    await until(async () => (await endpoints(a)).every(({ isServing }) => isServing));
    const runId = await a.start("parcel", { queue: "default", input: { value: "me" } });
    const query = { waitMs: "20000" };
    const { body } = await a.call("runs.outcome", { params: { runId }, query });
    expect(body.outcome.output.text).toBe('"to me"');
    expect((await a.call("push.delete", { params: { endpointId: "app-0" } })).status).toBe(204);
    expect((await endpoints(a)).map(({ id }) => id)).toEqual(["app-1"]);
    server.close();
  });
});

describe("a deployment of Restate's", () => {
  test("that was registered at one server is invoked at the other", async () => {
    const greeter = restate.service({
      name: "Greeter",
      handlers: { greet: async (ctx: restate.Context, who: string) => ctx.run(() => `Hi ${who}`) },
    });
    const services = { services: [greeter], logger: () => undefined };
    const endpoint = createServer2(restate.createEndpointHandler(services)).listen(0, "127.0.0.1");
    await once(endpoint, "listening");
    const { port } = endpoint.address() as AddressInfo;
    const doors = { enabled: true, ingressPort: 0, adminPort: 0, allow: ["127.0.0.1"] };
    await using servers = await Servers.open(2, { restate: doors });
    const [a, b] = servers.rigs as [Rig, Rig];
    const headers = { authorization: `Bearer ${a.admin}` };
    const registered = await fetch(`${a.server.restate!.adminUrl}/deployments`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
    });
    expect([registered.status, await registered.text()]).toEqual([201, expect.any(String)]);
    for (const rig of [b, a]) {
      const ingress = clients.connect({ url: rig.server.restate!.ingressUrl, headers });
      const calls = ["x", "y", "z"].map((who) => ingress.serviceClient(greeter).greet(who));
      expect(await Promise.all(calls)).toEqual(["Hi x", "Hi y", "Hi z"]);
    }
    endpoint.close();
  });
});
