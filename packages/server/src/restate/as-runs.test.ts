/** An invocation is a run: whatever is done with runs is done with it. */
import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rig } from "../testing/rig.test-support.ts";

const orders = restate.service({
  name: "Orders",
  // Nothing is kept open for who waits: an invocation is suspended at once.
  options: { inactivityTimeout: 1 },
  handlers: {
    place: async (ctx: restate.Context, item: string) => {
      const price = await ctx.run("price", () => 7);
      const { promise } = ctx.awakeable<string>();
      const by = await promise;
      return `${item} for ${price}, approved by ${by}`;
    },
    price: async (ctx: restate.Context) => ctx.run("ask", () => 12),
  },
});

/** Its stream is kept open while it waits. */
const patient = restate.service({
  name: "Patient",
  handlers: { wait: async (ctx: restate.Context) => ctx.awakeable<string>().promise },
});

let rig: Rig;
let endpoint: Http2Server;
let ingress: clients.Ingress;

beforeAll(async () => {
  rig = await Rig.open({
    restate: { enabled: true, ingressPort: 0, adminPort: 0, allow: ["127.0.0.1"] },
    graceMs: 100,
  });
  const handler = { services: [orders, patient], logger: () => undefined };
  endpoint = createServer(restate.createEndpointHandler(handler));
  endpoint.listen(0, "127.0.0.1");
  await once(endpoint, "listening");
  const { port } = endpoint.address() as AddressInfo;
  const headers = { authorization: `Bearer ${await rig.key("admin")}` };
  const registered = await fetch(`${rig.server.restate!.adminUrl}/deployments`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  });
  if (!registered.ok) throw new Error(await registered.text());
  ingress = clients.connect({ url: rig.server.restate!.ingressUrl, headers });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  endpoint.close();
});

async function newest(workflow: string): Promise<string> {
  const { body } = await rig.call("runs.list", { query: { workflow } });
  return body.rows[0]!.runId;
}

async function outcomeOf(runId: string): Promise<unknown> {
  const { body } = await rig.call("runs.outcome", {
    params: { runId },
    query: { waitMs: "20000" },
  });
  return body.outcome;
}

const completed = (value: unknown) => ({
  status: "completed",
  output: { encoding: "json", text: JSON.stringify(value) },
});

test("why names the awakeable that it waits for; its journal lists the step; a signal resolves it", async () => {
  const client = ingress.serviceSendClient<typeof orders>({ name: "Orders" });
  await client.place("a book");
  const runId = await newest("Orders.place");
  const params = { runId };
  const why = async () => (await rig.call("runs.why", { params })).text;
  await expect.poll(why).toContain("waits for the signal");
  const { body } = await rig.call("runs.journal", { params });
  expect(body.events.map(({ kind }) => kind)).toContain("step.completed");
  const payload = { text: '"Ann"', encoding: "json" };
  const signal = { name: "#17", payload };
  expect((await rig.call("runs.signal", { params, body: signal })).status).toBeLessThan(300);
  expect(await outcomeOf(runId)).toEqual(completed("a book for 7, approved by Ann"));
});

test("why names it also while its stream is kept open, with the worker that has it", async () => {
  await ingress.serviceSendClient<typeof patient>({ name: "Patient" }).wait();
  const params = { runId: await newest("Patient.wait") };
  const why = async () => (await rig.call("runs.why", { params })).text;
  await expect.poll(why).toContain('waits for the signal \\"#17\\", and is kept by the worker');
  await rig.call("runs.terminate", { params, body: {} });
});

test("it is forked at an event, with another result in place of a recorded one", async () => {
  const client = ingress.serviceClient<typeof orders>({ name: "Orders" });
  expect(await client.price()).toBe(12);
  const runId = await newest("Orders.price");
  const { body } = await rig.call("runs.journal", { params: { runId } });
  const step = body.events.find(({ kind }) => kind === "step.completed") as unknown as {
    readonly seq: number;
    readonly key: string;
  };
  const forked = await rig.call("runs.fork", {
    params: { runId },
    body: { at: step.seq, overrides: { [step.key]: { value: 99 } } },
  });
  expect(await outcomeOf(forked.body.runId)).toEqual(completed(99));
});

test("it is exported and imported like any other", async () => {
  const query = { workflow: "Orders.price" };
  const lines = await (await rig.fetch("transfer.export", { query })).text();
  await using other = await Rig.open();
  const headers = { "content-type": "application/x-ndjson" };
  const taken = await other.call("transfer.import", { headers, body: lines });
  expect(taken.body).toMatchObject({ failed: [] });
  const { body } = await other.call("runs.list", { query });
  expect(body.rows.length).toBeGreaterThan(0);
});
