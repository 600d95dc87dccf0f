import { Disk, MemoryStore } from "@perdure/store";
import { startServer, type RunningServer } from "@perdure/server";
import { expect, test } from "vitest";
import { connect } from "../connect.ts";
import { workflow, type Perdure } from "../index.ts";
import { CuttingProxy } from "./cutting-proxy.test-support.ts";
import { Places } from "./places.ts";
import { adminKey, quiet } from "./real-server.test-support.ts";
import { RemoteEngine } from "./remote-engine.ts";

const silent = { apiKey: adminKey, log: () => undefined };
const echo = workflow({ name: "echo" }, async (ctx, text: string) => ctx.step("say", () => text));
const waiting = workflow({ name: "waiting" }, (ctx) => ctx.waitFor<string>("go"));

/** Two servers on one store, each behind a way that can be blocked. */
class Pair implements AsyncDisposable {
  readonly servers: RunningServer[] = [];
  readonly ways: CuttingProxy[] = [];

  static async open(): Promise<Pair> {
    const pair = new Pair();
    const disk = new Disk(4);
    const node = { listen: "127.0.0.1:0", secret: "s".repeat(40), leaseMs: 10_000, beatMs: 50 };
    for (let i = 0; i < 2; i++) {
      const openedStore = new MemoryStore(disk);
      const base = { store: "postgres://memory", openedStore, node, adminKey, port: 0, env: quiet };
      const server = await startServer({ ...base, graceMs: 100 });
      pair.servers.push(server);
      pair.ways.push(await CuttingProxy.open(server.url));
    }
    const isSettled = ({ engine }: RunningServer): boolean => {
      const { partitionsOpen, node: standing } = engine.stats();
      return partitionsOpen === 2 && standing?.partitionsReached === 4;
    };
    while (!pair.servers.every(isSettled)) await new Promise((done) => void setTimeout(done, 10));
    return pair;
  }

  get urls(): readonly string[] {
    return this.ways.map(({ url }) => url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.ways.map((way) => way[Symbol.asyncDispose]()));
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

async function runs(perdure: Perdure): Promise<string> {
  const run = await perdure.start(echo, { input: "hi" });
  return run.result();
}

test("whoever knows two servers goes on when either of them cannot be reached any more", async () => {
  await using pair = await Pair.open();
  await using perdure = await connect(pair.urls, { ...silent, workflows: [echo, waiting] });
  expect(await runs(perdure)).toBe("hi");
  const held = await perdure.start(waiting, { id: "held" });
  const result = held.result();
  for (const way of pair.ways) {
    way.block();
    expect(await runs(perdure)).toBe("hi");
    way.unblock();
  }
  await held.signal("go", "on");
  expect(await result).toBe("on");
});

test("a server that stops sends its callers and its workers to the others", async () => {
  await using pair = await Pair.open();
  await using perdure = await connect(pair.urls.join(","), { ...silent, workflows: [echo] });
  expect(await runs(perdure)).toBe("hi");
  const [first] = pair.servers;
  pair.servers.splice(0, 1);
  await Promise.all([first!.close(), runs(perdure), runs(perdure)]);
  expect(await runs(perdure)).toBe("hi");
});

test("a list of servers begins anywhere, and those who share it move on together and once", () => {
  const from = (at: number): Places =>
    new Places("http://a, http://b,http://c", { random: () => at });
  expect([0, 0.4, 0.9].map((at) => from(at).now.origin)).toEqual([
    "http://a",
    "http://b",
    "http://c",
  ]);
  const places = from(0.9);
  const failed = places.now;
  places.moveOn(failed);
  places.moveOn(failed);
  expect(places.now.origin).toBe("http://a");
});

test.each([[[]], [""], ["http://a,ftp://b"], [["http://a", "nothing"]]])(
  "%j is no list of servers",
  async (url) => {
    await expect(RemoteEngine.open({ url, env: quiet })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  },
);
