/** Doors for an engine that somebody has opened: the API, live streams, workers over WebSocket. */
import { randomUUID } from "node:crypto";
import { systemEnv, type Engine, type Env } from "@perdure/engine";
import type { Json } from "@perdure/kernel";
import { EngineAccessStore, type AccessStore } from "./access/access-store.ts";
import { ApiKeys } from "./access/api-keys.ts";
import type { Authenticator } from "./access/authenticate.ts";
import { credentials } from "./access/credentials.ts";
import { originCheck } from "./access/origin.ts";
import { policy } from "./access/roles.ts";
import { walledEngines } from "./access/walled-engines.ts";
import { AuditLog } from "./audit/audit-log.ts";
import { auditor } from "./audit/observe.ts";
import { CallHost } from "./calls/call-host.ts";
import { isLoopback, type Config, type ConfigInput } from "./config/config.ts";
import { describeConfig } from "./config/describe.ts";
import { checkConfig, type LoadedConfig } from "./config/load.ts";
import { examine } from "./doctor/doctor.ts";
import { Admission } from "./http/admission.ts";
import { createApp } from "./http/app.ts";
import type { DoorParts } from "./http/door.ts";
import type { Observer } from "./http/finished.ts";
import { listen, type Listener } from "./http/listener.ts";
import { pages } from "./http/pages.ts";
import { register, type RegisteredRoute, type Route } from "./http/route.ts";
import { upgrades, type UpgradeDoor } from "./http/upgrade.ts";
import { openApiDocument } from "./openapi/document.ts";
import { openRestate, type RestateDoors } from "./restate/open-restate.ts";
import { routesOf } from "./routes/all.ts";
import { Metrics } from "./telemetry/metrics.ts";
import { Tracing } from "./telemetry/tracing.ts";
import { version } from "./version.ts";
import type { PushHost, StreamHost } from "./workers/hosts.ts";
import { PushEndpoints } from "./workers/push/push-endpoints.ts";
import { EnginePushStore, type PushStore } from "./workers/push/push-store.ts";
import { StreamWorkers } from "./workers/stream/host.ts";

/** What a program may bring along; everything else is configuration. */
export interface ServeParts {
  readonly env?: Env;
  /** Where API keys are kept; default: in the engine's store. */
  readonly access?: AccessStore;
  readonly streams?: StreamHost;
  readonly pushHost?: PushHost;
  /** Where push endpoints are kept; default: in the engine's store. */
  readonly pushStore?: PushStore;
  /** Where the configuration's values come from, for `doctor`. */
  readonly sources?: LoadedConfig["sources"];
  /** What `doctor` says of the store. */
  readonly storeFacts?: () => Promise<Json>;
}

export type ServeOptions = ConfigInput & ServeParts;

export interface Doors {
  readonly url: string;
  /** To make, rotate and revoke keys from this process. */
  readonly apiKeys: ApiKeys;
  /** In dev mode: the token to send, new at every start. */
  readonly devToken?: string;
  /** Where Restate's clients and tools find this server, if its doors are open. */
  readonly restate?: RestateDoors["urls"];
  /** Reads the certificate again, as after SIGHUP. */
  reloadTls(): void;
  /** Ends what is in progress politely. The engine stays open. */
  close(): Promise<void>;
}

export async function serve(engine: Engine, options: ServeOptions = {}): Promise<Doors> {
  const { parts, config } = split(options);
  const inside = await insides(engine, config, parts);
  const { env, audit, metrics, tracing, observe, closing, apiKeys, routes, streams } = inside;
  const admission = admissionOf(config, env, inside.authenticator);
  const { signal } = closing;
  const door: DoorParts = {
    routes,
    admission,
    env,
    newId: randomUUID,
    within: walledEngines(engine),
    closing: signal,
    observe,
    tracing,
  };
  const app = createApp({
    ...door,
    open: pages({
      stats: () => engine.stats(),
      auditTrouble: () => audit.trouble,
      isClosing: () => signal.aborted,
      metrics,
      access: config.metrics.access,
      admission,
      document: openApiDocument(routes, version),
    }),
  });
  const calls = new CallHost({
    ...door,
    limits: config.limits,
    server: `perdure/${version}`,
  });
  const doors = [streamDoor(streams), callDoor(calls)];
  const upgrade = upgrades({ admission, doors, newId: randomUUID, env, observe });
  const listener = await listen({ app, env, config, upgrade: upgrade.accept });
  inside.opened(listener);
  const close = async (restate?: RestateDoors): Promise<void> => {
    closing.abort();
    const ended = listener.close(config.graceMs);
    await Promise.all([
      streams.close(),
      inside.push.close(),
      calls.close(config.graceMs),
      restate?.close(config.graceMs),
    ]);
    upgrade.close();
    await ended;
    await tracing.close();
    metrics.close();
  };
  const restate = await restateOf(engine, config, inside, door).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  let closed: Promise<void> | undefined;
  const { devToken } = inside;
  return {
    url: listener.url,
    apiKeys,
    ...(devToken === undefined ? {} : { devToken }),
    ...(restate === undefined ? {} : { restate: restate.urls }),
    reloadTls: () => {
      listener.reloadTls();
      restate?.reloadTls();
    },
    close: () => (closed ??= close(restate)),
  };
}

async function restateOf(
  engine: Engine,
  config: Config,
  { local: authenticator }: Insides,
  door: DoorParts,
): Promise<RestateDoors | undefined> {
  return config.restate.enabled
    ? openRestate({ ...door, engine, config, authenticator })
    : undefined;
}

function streamDoor(streams: StreamHost): UpgradeDoor {
  const { maxFrameBytes } = streams;
  const operation = "workers.stream";
  return { operation, maxFrameBytes, accept: (...came) => streams.accept(...came) };
}

function callDoor(calls: CallHost): UpgradeDoor {
  const { maxFrameBytes } = calls;
  const accept: UpgradeDoor["accept"] = (open, caller, { request }) => {
    return calls.accept(open, caller, request);
  };
  return { operation: "server.calls", maxFrameBytes, accept };
}

/** Configuration is checked; what a program brings along is taken as it is. */
function split(options: ServeOptions): { readonly parts: ServeParts; readonly config: Config } {
  const { env, access, streams, pushHost, pushStore, sources, storeFacts, ...input } = options;
  const given = { env, access, streams, pushHost, pushStore, sources, storeFacts };
  const parts = Object.fromEntries(Object.entries(given).filter(([, part]) => part !== undefined));
  return { parts, config: checkConfig(input) };
}

interface Insides {
  readonly env: Env;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly observe: Observer;
  readonly closing: AbortController;
  readonly apiKeys: ApiKeys;
  readonly authenticator: Authenticator;
  readonly local: Authenticator;
  readonly devToken: string | undefined;
  readonly routes: readonly RegisteredRoute[];
  readonly streams: StreamHost;
  readonly push: PushHost;
  readonly opened: (listener: Listener) => void;
}

async function insides(engine: Engine, config: Config, parts: ServeParts): Promise<Insides> {
  const { env = systemEnv() } = parts;
  const { access = new EngineAccessStore(engine, isNode(engine) ? env : undefined) } = parts;
  const apiKeys = new ApiKeys({
    store: access,
    now: () => env.now(),
    log: (message, error) => env.log("warn", message, { error }),
  });
  const { authenticator, local, devToken } = await credentials(config, apiKeys, () => env.now());
  const audit = new AuditLog(config.audit);
  const tracing = new Tracing(config.otlp);
  let listener: Listener | undefined;
  const stats = () => engine.stats();
  const metrics = new Metrics({
    env,
    stats,
    connections: () => listener?.connections() ?? 0,
    auditLost: () => audit.lost,
    spans: () => tracing.view,
  });
  const written = auditor(audit, env);
  const began = env.monotonic();
  const doctor = () =>
    examine({
      stats,
      cluster: () => engine.cluster(),
      now: () => env.now(),
      upMs: () => env.monotonic() - began,
      lagMs: () => metrics.lagMs,
      auditTrouble: () => audit.trouble,
      spans: () => tracing.view,
      limits: config.limits,
      settings: describeConfig({ config, sources: parts.sources ?? {} }),
      storeFacts: parts.storeFacts ?? (async () => null),
      insecure: config.insecure,
    });
  const push = parts.pushHost ?? (await pushOf(engine, config, env, parts.pushStore));
  const own: readonly Route[] = routesOf({
    env,
    limits: config.limits,
    apiKeys,
    audit,
    doctor,
    cluster: () => engine.cluster(),
  });
  return {
    env,
    audit,
    metrics,
    tracing,
    apiKeys,
    authenticator,
    local,
    devToken,
    closing: new AbortController(),
    observe: (finished) => {
      written(finished);
      metrics.observe(finished);
    },
    routes: register([...own, ...push.routes], policy),
    push,
    streams: parts.streams ?? streamsOf(engine, config, env),
    opened: (open) => {
      listener = open;
    },
  };
}

/** One among several: what is kept in the store may be at another. */
function isNode(engine: Engine): boolean {
  return engine.stats().node !== undefined;
}

function streamsOf(engine: Engine, { limits: bounds }: Config, env: Env): StreamHost {
  return new StreamWorkers({ engine, env, server: `perdure/${version}`, bounds });
}

/** A development server calls apps on its own machine. */
async function pushOf(
  engine: Engine,
  { push, dev }: Config,
  env: Env,
  store: PushStore = new EnginePushStore(engine, isNode(engine) ? env : undefined),
): Promise<PushHost> {
  const allow = dev ? [...push.allow, "127.0.0.0/8", "::1"] : push.allow;
  const isOurs = (namespace: string, id: string): boolean =>
    engine.isHere({ namespace: "$perdure", kind: "push-endpoint", id: `${namespace}/${id}` });
  const shared = isNode(engine) ? { isOurs } : {};
  return PushEndpoints.open({ engine, env, store, allow, ...shared });
}

function admissionOf(config: Config, env: Env, authenticator: Authenticator): Admission {
  const { allowedHosts, host, limits } = config;
  const anyName = !isLoopback(host) && allowedHosts.length === 0;
  return new Admission({
    env,
    limits,
    authenticator,
    checkOrigin: originCheck(anyName ? undefined : allowedHosts),
  });
}
