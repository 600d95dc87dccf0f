/** The socket of calls, as a client meets it that keeps the rules or does not. */
import { encodeCallsFrame, encodeFromCaller, wireLimits } from "@perdure/wire";
import { afterEach, describe, expect, test } from "vitest";
import { serverLimits } from "../limits.ts";
import { CallSocketClient } from "../testing/calls.test-support.ts";
import { Rig } from "../testing/rig.test-support.ts";

const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function aRig(options: Parameters<typeof Rig.open>[0] = {}): Promise<Rig> {
  const rig = await Rig.open(options);
  opened.push(() => rig[Symbol.asyncDispose]());
  return rig;
}

async function aClient(rig: Rig, key = rig.admin): Promise<CallSocketClient> {
  const client = await CallSocketClient.open(rig.server.url, key);
  opened.push(() => client.close());
  return client;
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => void setTimeout(resolve, 2));
};

const start = { workflow: "wait", queue: "main", input: { value: "hi" } };
const jsonOf = (body = ""): unknown => JSON.parse(body);

describe("a call", () => {
  test("is answered as HTTP answers it, in whatever order answers are ready", async () => {
    const rig = await aRig();
    const client = await aClient(rig);
    const runId = await rig.start("wait");
    const ending = client.call("runs.outcome", { params: { runId }, query: { waitMs: "30000" } });
    const order: string[] = [];
    void ending.then(() => order.push("outcome"));
    const about = { params: { runId } };
    const isWaiting = async (): Promise<boolean> =>
      (await rig.call("runs.describe", about)).body["seq"] === 3;
    while (!(await isWaiting()));
    const { status, body } = await client.call("runs.describe", about);
    order.push("describe");
    expect([status, jsonOf(body)]).toEqual([200, (await rig.call("runs.describe", about)).body]);
    expect(await client.call("runs.signal", { params: { runId }, body: { name: "go" } })).toEqual(
      expect.objectContaining({ status: 204 }),
    );
    expect(jsonOf((await ending).body)).toMatchObject({ outcome: { status: "completed" } });
    expect(order).toEqual(["describe", "outcome"]);
    expect(await client.call("runs.start", { body: start })).toMatchObject({ status: 201 });
  });

  test("that is refused has the status and the words of HTTP, and the others go on", async () => {
    const rig = await aRig();
    const client = await aClient(rig, await rig.key("viewer"));
    const none = { params: { runId: "00000000-0000-8000-8000-000000000000" } };
    const missing = await client.call("runs.describe", none);
    expect([missing.status, jsonOf(missing.body)]).toEqual([
      404,
      (await rig.call("runs.describe", none)).body,
    ]);
    expect((await client.call("runs.start", { body: start })).status).toBe(403);
    expect((await client.call("runs.count", { query: { namespace: "x" } })).status).toBe(400);
    expect((await client.call("runs.watch", none)).status).toBe(400);
    expect((await client.call("workers.stream")).status).toBe(403);
    expect((await client.call("runs.eat" as "runs.start")).status).toBe(404);
    expect((await client.call("runs.count")).status).toBe(200);
  });

  test("without a body where one is wanted, or with one that is no JSON, is refused", async () => {
    const rig = await aRig();
    const client = await aClient(rig);
    expect((await client.call("runs.start")).status).toBe(400);
    const call = { type: "call", id: 99, operation: "runs.start", params: {}, query: "" } as const;
    client.say({ ...call, body: "{" });
    expect(await client.answer(99)).toMatchObject({ status: 400 });
    const deep = `${"[".repeat(wireLimits.jsonDepth + 1)}${"]".repeat(wireLimits.jsonDepth + 1)}`;
    client.say({ ...call, id: 100, body: deep });
    expect(await client.answer(100)).toMatchObject({ status: 413 });
  });

  test("that its client has forgotten is worked for no longer, and is not answered", async () => {
    const rig = await aRig({ limits: { socketCalls: 1 } });
    const client = await aClient(rig);
    const params = { runId: await rig.start("wait") };
    const wait = { operation: "runs.outcome", params, query: "waitMs=30000" } as const;
    client.say({ type: "call", id: 50, ...wait });
    expect(await client.call("runs.count")).toMatchObject({ status: 429, retryAfterS: 1 });
    client.say({ type: "forget", id: 50 }, { type: "forget", id: 51 });
    expect((await client.call("runs.count")).status).toBe(200);
    await rig.call("runs.signal", { params, body: { name: "go" } });
    expect((await client.call("runs.count")).status).toBe(200);
    const answered = await Promise.race([client.answer(50), client.call("server.whoami")]);
    expect(answered.id).not.toBe(50);
  });
});

describe("limits", () => {
  test("calls in progress, at their number and one past it", async () => {
    const rig = await aRig({ limits: { socketCalls: 3 } });
    const client = await aClient(rig);
    expect(await client.welcome).toMatchObject({ protocol: 1, atOnce: 3 });
    const params = { runId: await rig.start("wait") };
    const query = { waitMs: "30000" };
    const waits = [1, 2].map(() => client.call("runs.outcome", { params, query }));
    expect((await client.call("runs.count")).status).toBe(200);
    waits.push(client.call("runs.outcome", { params, query }));
    const { status, body } = await client.call("runs.count");
    expect(status).toBe(429);
    expect(body).toContain("3 calls of this connection are in progress");
    await rig.call("runs.signal", { params, body: { name: "go" } });
    for (const wait of waits) expect((await wait).status).toBe(200);
    expect((await client.call("runs.count")).status).toBe(200);
  });

  test("a credential's rate counts every call, and says when to ask again", async () => {
    const rig = await aRig({ limits: { requestsPerSecond: 1, requestBurst: 3 } });
    const client = await aClient(rig, await rig.key("viewer"));
    const statuses = await Promise.all([1, 2, 3].map(() => client.call("runs.count")));
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(statuses[2]).toMatchObject({ retryAfterS: 1 });
  });

  test("a client that does not take its answers is cut", async () => {
    const limits = { socketBufferBytes: 65_536, socketBacklogBytes: 262_144 };
    const rig = await aRig({ limits: { ...limits, socketSilenceMs: 60_000 } });
    const client = await aClient(rig);
    const params = { runId: await rig.start("wait", { input: { value: "x".repeat(100_000) } }) };
    client.socket.pause();
    for (let n = 0; n < 200; n++) void client.call("runs.describe", { params });
    await until(() => rig.server.engine.stats().events > 0 && client.socket.bufferedAmount === 0);
    const patience = new Promise((resolve) => void setTimeout(resolve, 300));
    await patience;
    client.socket.resume();
    expect((await client.ended).code).toBe(1006);
  });

  test("a client that is silent is cut; one that answers signs of life stays", async () => {
    const rig = await aRig({ limits: { socketSilenceMs: 600 } });
    const [silent, alive] = [await aClient(rig), await aClient(rig)];
    alive.socket.on("message", () => alive.socket.send(encodeCallsFrame([])));
    expect((await silent.ended).code).toBe(1006);
    expect(silent.beats).toBeGreaterThan(0);
    expect((await alive.call("runs.count")).status).toBe(200);
  });

  test("the numbers that a server has by itself", () => {
    expect(serverLimits).toMatchObject({ socketCalls: 4_096, socketSilenceMs: 45_000 });
  });
});

describe("a connection ends", () => {
  test.each([
    ["text", "a frame is a binary message"],
    [Buffer.from([0x93, 1]), "it ends too early"],
    [
      encodeCallsFrame([encodeFromCaller({ type: "forget", id: 1 })]).fill(0xc1, 5),
      "cannot be read",
    ],
  ])("that brings a frame which is none", async (frame, reason) => {
    const rig = await aRig();
    const client = await aClient(rig);
    const [other, waits] = [await aClient(rig), client.call("runs.count")];
    await waits;
    client.socket.send(frame);
    const ended = await client.ended;
    expect(ended.code).toBe(1008);
    expect(ended.reason.toLowerCase()).toContain(reason);
    expect((await other.call("runs.count")).status).toBe(200);
  });

  test("that uses a number twice at a time", async () => {
    const rig = await aRig();
    const client = await aClient(rig);
    const params = { runId: await rig.start("wait") };
    const call = { type: "call", id: 7, operation: "runs.outcome", params } as const;
    client.say({ ...call, query: "waitMs=30000" }, { ...call, query: "waitMs=0" });
    expect(await client.ended).toMatchObject({ code: 1008 });
  });

  test("that brings a frame past its limit", async () => {
    const rig = await aRig();
    const client = await aClient(rig);
    client.socket.send(Buffer.alloc(wireLimits.callFrameBytes + 1));
    expect((await client.ended).code).toBe(1009);
  });

  test("when its key is revoked, with its waits, within two looks", async () => {
    const rig = await aRig({ limits: { credentialCheckMs: 50 } });
    const { key, secret } = await rig.server.apiKeys.create(
      { namespace: "default", role: "client" },
      "test",
    );
    const [client, other] = [await aClient(rig, secret), await aClient(rig)];
    const params = { runId: await rig.start("wait") };
    void client.call("runs.outcome", { params, query: { waitMs: "30000" } });
    expect((await client.call("runs.count")).status).toBe(200);
    await rig.server.apiKeys.revoke("default", key.id);
    expect(await client.ended).toMatchObject({
      code: 1008,
      reason: expect.stringContaining("revoked"),
    });
    expect((await other.call("runs.count")).status).toBe(200);
  });

  test("when the server closes, once what is in progress is answered", async () => {
    const rig = await Rig.open();
    const client = await CallSocketClient.open(rig.server.url, rig.admin);
    const params = { runId: await rig.start("wait") };
    const wait = client.call("runs.outcome", { params, query: { waitMs: "30000" } });
    await client.call("runs.count");
    const closing = rig.server.close();
    expect(jsonOf((await wait).body)).toEqual({});
    expect((await client.ended).code).toBe(1001);
    await closing;
  });
});

test("what is written down of a call is what is written down of a request", async () => {
  const rig = await aRig();
  const client = await aClient(rig, await rig.key("client"));
  await client.call("runs.start", { body: start });
  await client.call("runs.terminate", { params: { runId: "x" }, body: {} });
  const { body } = await rig.call("server.audit");
  const lines = body["lines"] as readonly Readonly<Record<string, unknown>>[];
  expect(lines.slice(-2)).toMatchObject([
    { what: "runs.start", target: "wait", result: "done", namespace: "default" },
    { what: "runs.terminate", result: "forbidden" },
  ]);
  const metrics = await fetch(`${rig.server.url}/metrics`, {
    headers: { authorization: `Bearer ${rig.admin}` },
  });
  expect(await metrics.text()).toMatch(
    /duration_seconds_count\{operation="runs.start",status="201"\} 1/,
  );
});
