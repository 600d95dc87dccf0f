/**
 * A server's process: the engine, and its doors. It has none of our code. Where there are several of
 * them, each is a node of one cluster; the second argument says which.
 */
import { setTimeout as delay } from "node:timers/promises";
import { startServer, type RunningServer, type ServerOptions } from "@perdure/server";
import { PerdureError } from "perdure";
import { readConfig, type ProcessMessage } from "../config.ts";
import { announce } from "../services/process.ts";

const RETRY_MS = 200;

const { store, servers, apiKey: adminKey, nodeSecret: secret } = readConfig();
const own = servers[Number(process.argv[3] ?? 0)];
if (own === undefined) throw new Error("there is no such server in the configuration");
const node = { listen: `127.0.0.1:${own.nodePort}`, secret };
const options: ServerOptions = {
  store,
  port: own.port,
  adminKey,
  ...(servers.length > 1 ? { node } : {}),
};
const server = await begin();
process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
announce({ type: "ready" } satisfies ProcessMessage);

/** A database may be away just now, and comes back. */
async function begin(): Promise<RunningServer> {
  for (;;) {
    try {
      return await startServer(options);
    } catch (error) {
      if (!(error instanceof PerdureError) || error.retry !== "later") throw error;
      await delay(RETRY_MS);
    }
  }
}
