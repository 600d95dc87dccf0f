/** Calls over one WebSocket, on days when it does not last. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { encodePayload } from "../payload.ts";
import { CallQueue, type Asking } from "./call-queue.ts";
import { CuttingProxy, type ProxyOptions } from "./cutting-proxy.test-support.ts";
import { adminKey, quiet, realServer, type RealServer } from "./real-server.test-support.ts";
import { RemoteEngine, type RemoteEngineOptions } from "./remote-engine.ts";
import type { Lane } from "./transport.ts";

const namespace = "default";
const input = encodePayload("x", "the input");
const request = { namespace, workflow: "nobody's", queue: "nobody", input };

interface Scene {
  readonly server: RealServer;
  readonly proxy: CuttingProxy;
  readonly remote: RemoteEngine;
}

async function aScene(
  options: Parameters<typeof realServer>[0] & {
    readonly proxy?: ProxyOptions;
    readonly remote?: Partial<RemoteEngineOptions>;
  } = {},
): Promise<Scene> {
  const { proxy: proxyOptions, remote: remoteOptions, ...serverOptions } = options;
  const server = await realServer(serverOptions);
  onTestFinished(() => server.close());
  const proxy = await CuttingProxy.open(server.url, proxyOptions);
  onTestFinished(() => proxy[Symbol.asyncDispose]());
  const url = proxy.url;
  const remote = await RemoteEngine.open({ url, apiKey: adminKey, env: quiet, ...remoteOptions });
  onTestFinished(() => remote.close());
  return { server, proxy, remote };
}

const pause = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(2);
}

/** Requests that came over HTTP, by the server's own count. */
async function requests({ server }: Scene, operation: string): Promise<number> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const text = await (await fetch(`${server.url}/metrics`, { headers })).text();
  const found = new RegExp(`count\\{operation="${operation}"[^}]*\\} (\\d+)`).exec(text);
  return Number(found?.[1] ?? 0);
}

describe("a connection that is cut", () => {
  test("loses no start and repeats none, at whatever byte", async () => {
    const { server, proxy, remote } = await aScene();
    const starts: Promise<unknown>[] = [];
    for (let wave = 0; wave < 12; wave++) {
      for (let n = 0; n < 10; n++) starts.push(remote.start(request));
      await pause(wave % 4);
      proxy.cut();
      await pause(20);
    }
    await Promise.all(starts);
    expect(await server.engine.count({ namespace })).toBe(120);
    expect(proxy.asked).toBeGreaterThan(1);
  });

  test("is opened again by the next call, and waits go on over it", async () => {
    const scene = await aScene();
    const { server, proxy, remote } = scene;
    const { runId } = await remote.start(request);
    const outcome = remote.outcome(runId);
    proxy.cut();
    await until(() => remote.count({ namespace }).then(() => proxy.asked > 1));
    await server.engine.terminate(runId, "enough");
    expect(await outcome).toMatchObject({ status: "terminated" });
  });

  test("says so of a call that must not be repeated", async () => {
    const { proxy, remote } = await aScene();
    proxy.stall();
    const trigger = remote.triggerSchedule(namespace, "daily");
    await pause(20);
    proxy.cut();
    await expect(trigger).rejects.toMatchObject({ code: "closed", detail: { effect: "unknown" } });
  });

  test("ends what is in progress when it is closed here", async () => {
    const { remote } = await aScene();
    const { runId } = await remote.start(request);
    const outcome = remote.outcome(runId).catch((error: unknown) => error);
    await remote.close();
    expect(await outcome).toMatchObject({ code: "closed" });
    await expect(remote.count({ namespace })).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a call goes by a request", () => {
  test("where a proxy lets no WebSocket through, which is not asked again at every call", async () => {
    const scene = await aScene({ proxy: { refusesCalls: true } });
    const { remote, proxy } = scene;
    for (let n = 0; n < 5; n++) await remote.count({ namespace });
    expect(proxy.asked).toBe(1);
    expect(await requests(scene, "server.calls")).toBe(0);
  });

  test("where its body is large", async () => {
    const scene = await aScene();
    const large = encodePayload("x".repeat(3_000_000), "the input");
    const { runId } = await scene.remote.start({ ...request, input: large });
    expect((await scene.remote.describe(runId)).spec.input).toEqual(large);
  });
});

test("a call that takes too long is given up, and the server hears of it", async () => {
  const limits = { socketCalls: 1 };
  const { proxy, remote } = await aScene({ limits, remote: { deadlineMs: 60 } });
  expect(await remote.count({ namespace })).toBe(0);
  proxy.stall();
  await expect(remote.count({ namespace })).rejects.toMatchObject({ code: "unavailable" });
});

test("more waits than the server takes at once take turns, and delay no call", async () => {
  const { server, remote } = await aScene({ limits: { socketCalls: 8 } });
  const runs = await Promise.all(Array.from({ length: 40 }, () => remote.start(request)));
  const ends = runs.map(({ runId }) => remote.outcome(runId));
  const from = performance.now();
  expect(await remote.count({ namespace })).toBe(40);
  expect(performance.now() - from).toBeLessThan(2_000);
  for (const { runId } of runs) await server.engine.terminate(runId);
  for (const end of ends) expect(await end).toMatchObject({ status: "terminated" });
});

test("a key that was revoked ends the connection, and the next call says why", async () => {
  const server = await realServer({ limits: { credentialCheckMs: 30 } });
  onTestFinished(() => server.close());
  const { key, secret } = await server.apiKeys.create({ namespace, role: "client" }, "test");
  const remote = await RemoteEngine.open({ url: server.url, apiKey: secret, env: quiet });
  onTestFinished(() => remote.close());
  const { runId } = await remote.start(request);
  const outcome = remote.outcome(runId).catch((error: unknown) => error);
  await server.apiKeys.revoke(namespace, key.id);
  expect(await outcome).toMatchObject({ code: "unauthenticated" });
  await expect(remote.count({ namespace })).rejects.toMatchObject({ code: "unauthenticated" });
});

test("a connection without calls keeps no process from ending", async () => {
  const { url } = await realServerForOthers();
  const module = new URL("./index.ts", import.meta.url).href;
  const engine = import.meta.resolve("@perdure/engine");
  const code = `
    const { RemoteEngine } = await import(${JSON.stringify(module)});
    const { systemEnv } = await import(${JSON.stringify(engine)});
    const remote = await RemoteEngine.open(
      { url: ${JSON.stringify(url)}, apiKey: ${JSON.stringify(adminKey)}, env: systemEnv() });
    console.log(await remote.count({ namespace: "default" }));`;
  const args = ["--conditions=perdure-source", "--input-type=module", "--eval", code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  expect(stdout.trim()).toBe("0");
});

async function realServerForOthers(): Promise<RealServer> {
  const server = await realServer();
  onTestFinished(() => server.close());
  return server;
}

test("the queue sends calls before waits, and keeps places for calls", () => {
  const asking = (id: number, lane: Lane): Asking =>
    ({ id, out: { lane }, isSent: false }) as unknown as Asking;
  const queue = new CallQueue();
  queue.atOnce = 8;
  for (let id = 1; id <= 9; id++) queue.push(asking(id, "wait"));
  const taken = (): readonly number[] => {
    const ids: number[] = [];
    for (let next = queue.take(); next !== undefined; next = queue.take()) ids.push(next.id);
    return ids;
  };
  expect([queue.waitsAtOnce, taken()]).toEqual([7, [1, 2, 3, 4, 5, 6, 7]]);
  queue.push(asking(10, "call"));
  queue.push(asking(11, "call"));
  expect(taken()).toEqual([10]);
  expect(queue.end(1)?.id).toBe(1);
  expect(queue.end(8)?.isSent).toBe(false);
  expect(taken()).toEqual([11]);
  expect(queue.end(10)?.id).toBe(10);
  expect([taken(), queue.inProgress]).toEqual([[9], 8]);
  expect(queue.clear()).toHaveLength(8);
  expect([queue.end(9), queue.inProgress]).toEqual([undefined, 0]);
});
