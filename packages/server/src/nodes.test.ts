import { MemoryStore, type Disk } from "@perdure/store";
import { expect, test } from "vitest";
import type { Rig } from "./testing/rig.test-support.ts";
import { Servers } from "./testing/two-servers.test-support.ts";

async function readiness({ server }: Rig) {
  const response = await fetch(`${server.url}/readyz`);
  return { status: response.status, text: await response.text() };
}

test("a run that is started at one server is served and seen at the other", async () => {
  await using servers = await Servers.open();
  const [a, b] = servers.rigs as [Rig, Rig];
  const runs = await Promise.all(Array.from({ length: 12 }, () => a.start("echo")));
  for (const runId of runs) {
    const { body } = await b.call("runs.outcome", {
      params: { runId },
      query: { waitMs: "20000" },
    });
    expect(body.outcome.status).toBe("completed");
  }
});

test("both tell of the same nodes and partitions, and a tenant is told less", async () => {
  await using servers = await Servers.open();
  for (const rig of servers.rigs) {
    const { body: told } = await rig.call("cluster.nodes");
    const nodes = told["nodes"] as Readonly<Record<string, unknown>>[];
    expect(nodes).toHaveLength(2);
    expect(
      nodes.every(({ isAlive, isReachable }) => isAlive === true && isReachable === true),
    ).toBe(true);
    expect(nodes.every(({ address }) => String(address).startsWith("127.0.0.1:"))).toBe(true);
    const { body } = await rig.call("cluster.partitions");
    const partitions = body["partitions"] as Readonly<Record<string, unknown>>[];
    expect(partitions.map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(partitions.every(({ liveStreams }) => liveStreams !== undefined)).toBe(true);
    const key = await rig.key("operator", "tenant");
    expect((await rig.call("cluster.nodes", { key })).text).not.toContain("127.0.0.1");
    expect((await rig.call("cluster.partitions", { key })).text).not.toContain("liveStreams");
  }
});

test("doctor and metrics tell how a node stands among the others", async () => {
  await using servers = await Servers.open();
  const [a] = servers.rigs as [Rig, Rig];
  const { body } = await a.call("server.doctor");
  expect(body["cluster"]).toMatchObject({ nodes: [{}, {}] });
  expect(JSON.stringify(body["findings"])).toContain("nothing is wrong");
  expect(JSON.stringify(body)).not.toContain("a-secret-of-two-servers");
  const metrics = await fetch(`${a.server.url}/metrics`, {
    headers: { authorization: `Bearer ${a.admin}` },
  });
  const text = await metrics.text();
  expect(text).toContain("perdure_node_nodes_alive 2");
  expect(text).toContain("perdure_node_partitions_reached 6");
  expect(text).toContain("perdure_partitions_open 3");
});

test("a server that leaves gives its partitions away, and nothing of what was acknowledged is lost", async () => {
  await using servers = await Servers.open();
  const [a, b] = servers.rigs as [Rig, Rig];
  const runs = await Promise.all(Array.from({ length: 12 }, () => b.start("wait")));
  await servers.leave(b);
  await servers.settled();
  expect(a.server.engine.stats()).toMatchObject({ partitionsOpen: 6, node: { nodes: 1 } });
  expect(await readiness(a)).toMatchObject({ status: 200 });
  for (const runId of runs) {
    const body = { name: "go" };
    expect((await a.call("runs.signal", { params: { runId }, body })).status).toBeLessThan(300);
    const query = { waitMs: "20000" };
    const outcome = await a.call("runs.outcome", { params: { runId }, query });
    expect(outcome.body.outcome.status).toBe("completed");
  }
});

test("a server is not ready while no partition is at a node that it can reach", async () => {
  await using servers = await Servers.open(1);
  const [a] = servers.rigs as [Rig];
  expect((await readiness(a)).status).toBe(200);
  // Somebody who says that he lives has all of it, and nobody is at his address.
  await using squatter = await Squatter.over(servers);
  await until(async () => (await readiness(a)).status === 503);
  expect((await readiness(a)).text).toContain("no partition is here");
  expect((await fetch(`${a.server.url}/healthz`)).status).toBe(200);
  await squatter.leave();
  await until(async () => (await readiness(a)).status === 200);
});

test("an API key that is made or revoked at one server is known at the other", async () => {
  await using servers = await Servers.open();
  const [a, b] = servers.rigs as [Rig, Rig];
  const { secret, key } = await a.server.apiKeys.create({ namespace: "t", role: "client" }, "test");
  expect((await b.call("server.whoami", { key: secret })).status).toBe(200);
  await b.server.apiKeys.revoke("t", key.id);
  expect((await a.call("server.whoami", { key: secret })).status).toBe(401);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => void setTimeout(done, 20));
}

/** Takes every partition for a node that answers nobody, and gives signs of life for it. */
class Squatter implements AsyncDisposable {
  readonly #store: MemoryStore;
  #beat = 0;
  readonly #timer: NodeJS.Timeout;

  private constructor(disk: Disk) {
    this.#store = new MemoryStore(disk);
    this.#timer = setInterval(() => void this.#live(), 50);
  }

  static async over({ disk }: Servers): Promise<Squatter> {
    const squatter = new Squatter(disk);
    const { partitions } = await squatter.#live();
    for (const { partition, epoch } of partitions) {
      await squatter.#store.open(partition, { node: "squatter", after: epoch });
    }
    return squatter;
  }

  /** As one that leaves, so that nobody waits for it to give or take. */
  #live(gone: readonly string[] = []) {
    const record = { id: "squatter", address: "127.0.0.1:1", version: "0", startedAt: 0 };
    return this.#store.beat({ ...record, beat: ++this.#beat, isLeaving: true }, gone);
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer);
    await this.#live(["squatter"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }
}
