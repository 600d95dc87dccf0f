/** Where a command line talks to: a store's file opened here, or a server. */
import { systemEnv } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { RemoteEngine } from "perdure/remote";
import type { Connection, Environment, Globals } from "../context.ts";
import type { Output } from "../terminal/output.ts";
import { storedKey } from "./credentials.ts";
import { ServerApi, type Server } from "./server-api.ts";
import { openStore } from "./store.ts";

export const defaultUrl = "http://127.0.0.1:7373";

/** So long a call may take, with what is tried again: a person waits. */
const DEADLINE_MS = 15_000;
export async function connect(
  globals: Globals,
  env: Environment,
  log: Output,
): Promise<Connection> {
  const { store } = globals;
  if (store === undefined) return openServer(serverOf(globals, env));
  if (globals.server === undefined) {
    const { namespace = "default" } = globals;
    return openStore(store, { namespace, by: `cli:${env["USER"] ?? "unknown"}` }, log);
  }
  const text = "--store opens a file here and --server asks one elsewhere: give one of them.";
  throw new PerdureError("invalid-argument", text);
}

export function serverOf(globals: Globals, env: Environment): Server {
  const url = globals.server ?? env["PERDURE_URL"] ?? defaultUrl;
  const [first = url] = url.split(",");
  const apiKey = globals.apiKey ?? env["PERDURE_API_KEY"] ?? storedKey(env, first.trim());
  return { url, ...(apiKey === undefined ? {} : { apiKey }) };
}

async function openServer(server: Server): Promise<Connection> {
  const { apiKey } = server;
  const { api, url } = await firstThere(server);
  const env = systemEnv({ log: () => undefined });
  // A command asks once or twice: it would not pay to open a WebSocket for it.
  const over = "http";
  const engine = await RemoteEngine.open({ url, apiKey, env, over, deadlineMs: DEADLINE_MS });
  return { client: engine, api, close: () => engine.close() };
}

/**
 * Of several servers with commas between, the first that answers. `RemoteEngine` tries on for a while,
 * as a worker should; a person wants to know now.
 */
async function firstThere(
  server: Server,
): Promise<{ readonly api: ServerApi; readonly url: string }> {
  const [url = "", ...others] = server.url.split(",").map((one) => one.trim());
  const api = new ServerApi({ ...server, url });
  try {
    await api.call("server.whoami", {});
    return { api, url };
  } catch (error) {
    const isAway = error instanceof PerdureError && error.code === "unavailable";
    if (!isAway || others.length === 0) throw error;
    return firstThere({ ...server, url: others.join(",") });
  }
}
