import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** Ports that were free a moment ago; all are held until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

export async function isHealthy(...urls: readonly string[]): Promise<boolean> {
  const replies = await Promise.all(urls.map((url) => fetch(url)));
  await Promise.all(replies.map((reply) => reply.arrayBuffer()));
  return replies.every(({ ok }) => ok);
}
