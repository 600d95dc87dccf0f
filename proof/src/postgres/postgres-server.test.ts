import { missingPostgres } from "@perdure/store-postgres/testing";
import { afterEach, expect, test } from "vitest";
import { PostgresServer } from "./postgres-server.ts";

const servers: PostgresServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose();
});

async function create(): Promise<PostgresServer> {
  const server = await PostgresServer.create();
  servers.push(server);
  await server.query("CREATE TABLE numbers (n int)");
  return server;
}

const count = async (server: PostgresServer): Promise<number | undefined> => {
  const [row] = await server.query<{ n: number }>("SELECT count(*)::int AS n FROM numbers");
  return row?.n;
};

test.skipIf(missingPostgres())(
  "a server that is killed has what it acknowledged, and its port",
  async () => {
    const server = await create();
    await server.query("INSERT INTO numbers VALUES (1)");
    const url = server.urlAt();
    await server.kill();
    await expect(count(server)).rejects.toThrow("ECONNREFUSED");
    await server.start();
    expect([await count(server), server.urlAt()]).toEqual([1, url]);
    const [backend] = await server.backends("");
    await server.killBackend(backend ?? process.pid);
    expect(await count(server)).toBe(1);
  },
);

test.skipIf(missingPostgres())("a standby has what was acknowledged, and takes over", async () => {
  const primary = await create();
  const standby = await primary.follow();
  servers.push(standby);
  await primary.query("INSERT INTO numbers VALUES (1), (2)");
  await primary.kill();
  await expect(standby.query("INSERT INTO numbers VALUES (3)")).rejects.toThrow("read-only");
  await standby.promote();
  expect(await count(standby)).toBe(2);
  await standby.query("INSERT INTO numbers VALUES (3)");
});
