/** A Redis of one's own, behind a socket in its folder: each command is synced before its answer. */
import { mkdirSync } from "node:fs";
import { createConnection } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import type { NamedProcess } from "../../../src/contender.ts";
import { bytesBelow } from "./files.ts";
import { findProgram, versionOf } from "../../../src/servers/programs.ts";
import { startServer } from "../../../src/servers/server-process.ts";

export interface Redis {
  /** The socket's path: it costs less than TCP. */
  readonly path: string;
  readonly process: NamedProcess;
  /** The append-only files. */
  bytes(): Promise<number>;
  stop(): Promise<void>;
}

export const installRedis = "apt-get install redis-server";

export const redisDurability =
  "Redis with appendonly yes, appendfsync always: synced before the answer";

export const redisSettings = "socket, no snapshots (save ''), maxmemory-policy noeviction";

export function redisVersion(): string | undefined {
  const program = findProgram("redis-server");
  return program === undefined ? undefined : versionOf(program);
}

export async function startRedis(folder: string): Promise<Redis> {
  const program = findProgram("redis-server");
  if (program === undefined) throw new Error(`Redis is missing: ${installRedis}`);
  const home = join(folder, "redis");
  mkdirSync(home, { recursive: true });
  const path = join(home, "socket");
  const settings = {
    port: "0",
    unixsocket: path,
    dir: home,
    save: "",
    appendonly: "yes",
    appendfsync: "always",
    "maxmemory-policy": "noeviction",
  };
  const server = await startServer({
    program,
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    log: join(folder, "redis.log"),
    isReady: () => answers(path),
  });
  return {
    path,
    process: { name: "redis", pid: server.pid },
    bytes: () => bytesBelow(home),
    stop: () => server.stop("SIGTERM"),
  };
}

/** It does not while it reads its file. */
async function answers(path: string): Promise<boolean> {
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
    socket.write("PING\r\n");
    const [reply] = (await once(socket, "data")) as [Buffer];
    return reply.toString().startsWith("+PONG");
  } finally {
    socket.destroy();
  }
}
