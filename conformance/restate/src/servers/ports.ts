import { once } from "node:events";
import { createServer, type Server } from "node:net";

/**
 * Below the ports that systems give to connections (from 32768 on Linux): a server that is killed finds
 * its port free again, whoever connects to whatever meanwhile.
 */
const first = 15_000;
const last = 32_000;
const tries = 100;

/** Ports that were free a moment ago; all are held until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  for (let tried = 0; held.size < count; tried++) {
    if (tried === tries) throw new Error(`none of ${tries} ports from ${first} to ${last} is free`);
    const port = first + Math.floor(Math.random() * (last - first));
    const server = held.has(port) ? undefined : await listening(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => once(server.close(), "close")));
  return [...held.keys()];
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<Server | undefined>();
  server.once("listening", () => resolve(server));
  server.once("error", () => resolve(undefined));
  server.listen(port, "127.0.0.1");
  return promise;
}

export async function isHealthy(...urls: readonly string[]): Promise<boolean> {
  const replies = await Promise.all(urls.map((url) => fetch(url)));
  await Promise.all(replies.map((reply) => reply.arrayBuffer()));
  return replies.every(({ ok }) => ok);
}
