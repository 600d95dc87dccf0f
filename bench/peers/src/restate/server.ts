/** Restate's server, one node, as its npm package has it. */
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { NamedProcess } from "../../../src/contender.ts";
import { bytesBelow } from "../servers/files.ts";
import { startServer } from "../../../src/servers/server-process.ts";

/** A server of Restate's protocol. */
export interface ProtocolServer {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  readonly process: NamedProcess;
  bytes(): Promise<number>;
  stop(): Promise<void>;
}

/** The binary itself, without the Node process that npm's command is. */
const program = join(
  import.meta.dirname,
  "../../node_modules/@restatedev",
  `restate-server-${process.platform}-${process.arch}/bin/restate-server`,
);

export const restateServerIsInstalled = (): boolean => existsSync(program);

export async function startRestate(folder: string, partitions: number): Promise<ProtocolServer> {
  const home = join(folder, "restate");
  const [ingress, admin, node] = await freePorts(3);
  const adminUrl = `http://127.0.0.1:${admin}`;
  const server = await startServer({
    program,
    args: ["--no-logo"],
    log: join(folder, "restate.log"),
    isReady: () => isHealthy(`${adminUrl}/health`, `http://127.0.0.1:${ingress}/restate/health`),
    options: {
      env: {
        ...process.env,
        RESTATE_NODE_NAME: "bench",
        RESTATE_BASE_DIR: home,
        RESTATE_DEFAULT_NUM_PARTITIONS: String(partitions),
        RESTATE_LISTEN_MODE: "tcp",
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        // The defaults, said aloud: what is acknowledged has been synced.
        RESTATE_LOG_SERVER__ROCKSDB_DISABLE_WAL_FSYNC: "false",
        RESTATE_BIFROST__LOCAL__ROCKSDB_DISABLE_WAL: "false",
        RESTATE_BIFROST__LOCAL__ROCKSDB_DISABLE_WAL_FSYNC: "false",
        RESTATE_LOG_FILTER: "warn",
        RESTATE_DISABLE_TELEMETRY: "true",
      },
    },
  });
  return {
    ingressUrl: `http://127.0.0.1:${ingress}`,
    adminUrl,
    process: { name: "restate", pid: server.pid },
    bytes: () => bytesBelow(home),
    stop: () => server.stop("SIGTERM"),
  };
}

export async function isHealthy(...urls: readonly string[]): Promise<boolean> {
  const replies = await Promise.all(urls.map((url) => fetch(url)));
  return replies.every(({ ok }) => ok);
}

/** Ports that were free a moment ago; all are held until all are known. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}
