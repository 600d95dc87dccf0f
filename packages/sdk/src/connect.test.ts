/** What users write, with the engine on a server and its worker at the other end of a socket. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect } from "./connect.ts";
import { SDK } from "./version.ts";
import { handler, object, workflow } from "./index.ts";
import { perdureScenarios } from "./perdure-scenarios.test-support.ts";
import { CuttingProxy } from "./remote/cutting-proxy.test-support.ts";
import { adminKey, quiet, realServer, type RealServer } from "./remote/real-server.test-support.ts";

const pause = (ms: number): Promise<void> => new Promise((done) => void setTimeout(done, ms));

perdureScenarios("over a server", async (code) => {
  const server = await realServer();
  const apiKey = await server.key("admin");
  const perdure = await connect(server.url, { ...code, apiKey, env: quiet });
  const close = async (): Promise<void> => {
    await perdure.close();
    await server.close();
  };
  return { perdure, pass: pause, close };
});

perdureScenarios(
  "over a server, behind a proxy that lets no socket of calls through",
  async (code) => {
    const server = await realServer();
    const proxy = await CuttingProxy.open(server.url, { refusesCalls: true });
    const apiKey = await server.key("admin");
    const perdure = await connect(proxy.url, { ...code, apiKey, env: quiet });
    const close = async (): Promise<void> => {
      await perdure.close();
      await proxy[Symbol.asyncDispose]();
      await server.close();
    };
    return { perdure, pass: pause, close };
  },
);

async function aServer(options?: Parameters<typeof realServer>[0]): Promise<RealServer> {
  const server = await realServer(options);
  onTestFinished(() => server.close());
  return server;
}

const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor<string>("go"));

describe("a connection", () => {
  test("takes address and key from the environment when nobody says them", async () => {
    const server = await aServer();
    const before = { ...process.env };
    onTestFinished(() => void (process.env = before));
    process.env["PERDURE_URL"] = server.url;
    process.env["PERDURE_API_KEY"] = await server.key("client", "tenant");
    await using perdure = await connect({ env: quiet });
    expect(perdure.namespace).toBe("tenant");
    delete process.env["PERDURE_URL"];
    await expect(connect({ env: quiet })).rejects.toThrow(/set PERDURE_URL/);
  });

  test("refuses a key that is unknown, or of another namespace than was meant", async () => {
    const server = await aServer();
    const apiKey = await server.key("worker", "tenant");
    const other = connect(server.url, { apiKey, namespace: "other", env: quiet });
    await expect(other).rejects.toThrow(/is for the namespace "tenant", not "other"/);
    const unknown = connect(server.url, { apiKey: "pdk_x_y", env: quiet });
    await expect(unknown).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("with code and a key that may not serve queues says so when it is made", async () => {
    const server = await aServer();
    const apiKey = await server.key("client");
    const made = connect(server.url, { apiKey, workflows: [waiting], env: quiet });
    await expect(made).rejects.toMatchObject({ code: "forbidden" });
  });

  test("with a worker's key does all that code may declare", async () => {
    const server = await aServer();
    const apiKey = await server.key("worker");
    const hourly = workflow(
      { name: "hourly", cron: "0 * * * *", triggers: [{ event: "now" }] },
      async () => "done",
    );
    await using perdure = await connect(server.url, { apiKey, workflows: [hourly], env: quiet });
    expect((await perdure.schedules.describe("cron:hourly")).paused).toBe(false);
  });

  test("sees only the runs of its own namespace", async () => {
    const server = await aServer();
    const [mine, theirs] = await Promise.all([
      connect(server.url, { apiKey: await server.key("client", "mine"), env: quiet }),
      connect(server.url, { apiKey: await server.key("client", "theirs"), env: quiet }),
    ]);
    const run = await mine.start(waiting, { id: "one" });
    await expect(theirs.get(waiting, { id: "one" })).rejects.toMatchObject({ code: "not-found" });
    const { runId } = run;
    await expect(theirs.get(waiting, { runId })).rejects.toMatchObject({ code: "not-found" });
    expect([await mine.count(), await theirs.count()]).toEqual([1, 0]);
    await Promise.all([mine.close(), theirs.close()]);
  });

  test("tells the server what its worker is, and how it takes its queues", async () => {
    const server = await aServer();
    const queues = { default: { concurrency: 3, rate: { perSecond: 5, burst: 9 }, priority: 2 } };
    const worker = { queues, taskSlots: 7, runSlots: 8, version: "v7", versioning: "pin" } as const;
    await using perdure = await connect(server.url, {
      apiKey: adminKey,
      workflows: [waiting],
      worker,
      env: quiet,
    });
    const run = await perdure.start(waiting);
    await run.query("none").catch(() => undefined);
    expect(await server.engine.workers("default")).toMatchObject([
      {
        queues: [{ name: "default", workflows: ["waiting"], ...queues.default }],
        taskSlots: 7,
        runSlots: 8,
        version: "v7",
        versioning: "pin",
        labels: { pid: String(process.pid) },
      },
    ]);
    expect((await run.describe()).row.version).toBe("v7");
  });

  test("lets what is in progress end before it is closed", async () => {
    const server = await aServer();
    const apiKey = await server.key("worker");
    const ended: string[] = [];
    const slow = workflow({ name: "slow" }, (ctx) =>
      ctx.step("work", async () => {
        ended.push("begun");
        await pause(100);
        ended.push("ended");
        return "done";
      }),
    );
    const worker = await connect(server.url, { apiKey, workflows: [slow], env: quiet });
    const run = await worker.start(slow);
    while (ended.length === 0) await pause(5);
    await worker.close();
    await worker.close();
    expect(ended).toEqual(["begun", "ended"]);
    await using next = await connect(server.url, { apiKey, workflows: [slow], env: quiet });
    expect(await (await next.get(slow, { runId: run.runId })).result()).toBe("done");
    expect(ended).toEqual(["begun", "ended"]);
  });

  // It opens two stores on disk, which takes its time where many share the disk.
  const patience = { timeout: 30_000 };
  test(
    "outlives its server: runs, results and workers go on when it is back",
    patience,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "perdure-connect-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const store = `sqlite:${join(folder, "perdure.db")}`;
      const first = await realServer({ store });
      const { port } = new URL(first.url);
      const apiKey = adminKey;
      const box = object({
        name: "box",
        handlers: { hold: handler(async (ctx) => ctx.waitFor<string>("go")) },
      });
      const code = { workflows: [waiting], objects: [box], apiKey, env: quiet };
      await using perdure = await connect(first.url, code);
      const run = await perdure.start(waiting, { id: "one" });
      const result = run.result();
      // The second call waits for its turn, so its run does not exist yet.
      const turns = [perdure.object(box, "b").hold(), perdure.object(box, "b").hold()];
      const holds = async () =>
        (await perdure.list({ workflow: "box.hold", status: ["open"] })).runs;
      while ((await holds()).length === 0) await pause(5);
      await first.close();
      await aServer({ store, port: Number(port) });
      await run.signal("go", "on");
      expect(await result).toBe("on");
      for (const word of ["a", "b"]) {
        while ((await holds()).length === 0) await pause(5);
        const [holder] = await holds();
        await perdure.signal({ runId: holder!.runId }, "go", word);
        await turns[word === "a" ? 0 : 1];
      }
      expect(await Promise.all(turns)).toEqual(["a", "b"]);
    },
  );
});

test("the worker tells the server the version that the package has", () => {
  const file = new URL("../package.json", import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
  expect(SDK).toBe(`${name}/${version}`);
});
