/** Doors for an engine that somebody has opened: the API, live streams, workers over WebSocket. */
import { randomUUID } from "node:crypto";
import { systemEnv, within, type Engine, type Env } from "@perdure/engine";
import { authenticator } from "./access/authenticate.ts";
import { ApiKeys } from "./access/api-keys.ts";
import { MemoryAccessStore, type AccessStore } from "./access/access-store.ts";
import { policy } from "./access/roles.ts";
import { Admission } from "./http/admission.ts";
import { createApp } from "./http/app.ts";
import { listen } from "./http/listener.ts";
import { register, type Route } from "./http/route.ts";
import { refuseUpgrade, upgrades } from "./http/upgrade.ts";
import { serverLimits, type ServerLimits } from "./limits.ts";
import { OutcomeWaits } from "./routes/outcome-waits.ts";
import { runRoutes } from "./routes/runs.ts";
import { watchRoute } from "./routes/watch.ts";
import type { PushHost, StreamHost } from "./workers/hosts.ts";

export interface ServeOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string;
  /** Default: 7373; 0: any free one. */
  readonly port?: number;
  readonly limits?: Partial<ServerLimits>;
  /** Where API keys are kept; default: in the engine's store. */
  readonly access?: AccessStore;
  readonly env?: Env;
  readonly streams?: StreamHost;
  readonly push?: PushHost;
}

export interface Doors {
  readonly url: string;
  /** To make, rotate and revoke keys from this process. */
  readonly apiKeys: ApiKeys;
  /** Ends what is in progress politely. The engine stays open. */
  close(): Promise<void>;
}

export const DEFAULT_PORT = 7373;
/** Between the word to close and the end of connections that are still busy. */
const GRACE_MS = 5_000;

export async function serve(engine: Engine, options: ServeOptions = {}): Promise<Doors> {
  const { env = systemEnv(), access = new MemoryAccessStore(), streams, push } = options;
  const limits = { ...serverLimits, ...options.limits };
  const apiKeys = new ApiKeys({
    store: access,
    now: () => env.now(),
    log: (message, error) => env.log("warn", message, { error }),
  });
  const closing = new AbortController();
  const admission = new Admission({
    env,
    limits,
    authenticator: authenticator([(token) => apiKeys.authenticate(token)]),
    checkOrigin: () => undefined,
  });
  const app = createApp({
    routes: register([...routesOf(env, limits), ...(push?.routes ?? [])], policy),
    open: [],
    admission,
    env,
    newId: randomUUID,
    within: ({ namespace, by }) => within(engine, { namespace, by }),
    closing: closing.signal,
    observe: () => undefined,
  });
  const upgrade = streams ? upgrades({ admission, streams, newId: randomUUID, env }) : undefined;
  const listener = await listen({
    app,
    env,
    limits,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? DEFAULT_PORT,
    upgrade: upgrade?.accept ?? refuseUpgrade,
  });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    const ended = listener.close(GRACE_MS);
    await Promise.all([streams?.close(), push?.close()]);
    upgrade?.close();
    await ended;
  };
  return { url: listener.url, apiKeys, close: () => (closed ??= close()) };
}

function routesOf(env: Env, limits: ServerLimits): readonly Route[] {
  return [...runRoutes(new OutcomeWaits(env)), watchRoute(env, limits)];
}
