/**
 * Restate on this server: the deployments, what drives them, and the two doors with a listener each.
 *
 * O1  Endpoints are dialled through the guard: their addresses are judged, not their names (T12).
 * O2  `close` takes no new requests first, then lets attempts end, and leaves the engine open.
 */
import type { Engine } from "@perdure/engine";
import {
  adminOperationOf,
  adminRefusal,
  createAdmin,
  createIngress,
  DeploymentRegistry,
  discover,
  ingressOperationOf,
  ingressRefusal,
  preview,
  RequestIdentity,
  RestateDriver,
} from "@perdure/protocol-restate";
import type { Authenticator } from "../access/authenticate.ts";
import { originCheck } from "../access/origin.ts";
import { isLoopback, type Config } from "../config/config.ts";
import { Admission } from "../http/admission.ts";
import type { DoorParts } from "../http/door.ts";
import { listen, type Listener } from "../http/listener.ts";
import { Stays } from "../http/stays.ts";
import { serverLimits } from "../limits.ts";
import { version } from "../version.ts";
import { OutboundGuard } from "../workers/push/outbound/guard.ts";
import { checkDoorTarget } from "./door-target.ts";
import { DoorOrigins } from "./door-origin.ts";
import { createDoorApp, type RestateDoor } from "./restate-door.ts";
import type { RestateOperation } from "./restate-policy.ts";

export interface RestateServerParts extends Omit<DoorParts, "routes" | "admission"> {
  readonly engine: Engine;
  readonly config: Config;
  readonly authenticator: Authenticator;
}

export interface RestateDoors {
  readonly urls: { readonly ingressUrl: string; readonly adminUrl: string };
  readonly connections: () => number;
  readonly reloadTls: () => void;
  close(graceMs: number): Promise<void>;
}

export async function openRestate(parts: RestateServerParts): Promise<RestateDoors> {
  const { engine, env, config } = parts;
  const guard = guardOf(config);
  const identity = identityOf(parts);
  const signed = identity === undefined ? {} : { identity };
  const registry = await DeploymentRegistry.open({
    keyedState: engine.keyedState,
    env,
    discover: (request) => discover(request, { env, guard, ...signed }),
  });
  const driver = new RestateDriver({ env, engine, registry, guard, ...signed });
  const opened: Listener[] = [];
  const end = async (graceMs: number): Promise<void> => {
    await Promise.all(opened.map((listener) => listener.close(graceMs)));
    await driver.close();
    registry.close();
  };
  try {
    const ingressOf = createIngress({ registry, env });
    const ingress = await openDoor(parts, config.restate.ingressPort, {
      answer: ({ plain }, caller) => ingressOf(plain, caller),
      operationOf: (_, path) => ingressOperationOf(path),
      refused: ingressRefusal,
    });
    opened.push(ingress);
    const admin = createAdmin({
      env,
      registry,
      keys: engine.keys,
      keyOf: (runId) => engine.keyOf(runId),
      preview: (request) => preview(request, { env, guard, ...signed }),
      ingressUrl: ingress.url,
      version,
    });
    const adminListener = await openDoor(parts, config.restate.adminPort, {
      answer: ({ web }, caller) => admin(web(), caller),
      operationOf: adminOperation,
      refused: adminRefusal,
    });
    opened.push(adminListener);
    return {
      urls: { ingressUrl: ingress.url, adminUrl: adminListener.url },
      connections: () => opened.reduce((sum, listener) => sum + listener.connections(), 0),
      reloadTls: () => opened.forEach((listener) => listener.reloadTls()),
      close: async (graceMs) => {
        await end(graceMs);
        admin.close();
      },
    };
  } catch (error) {
    await end(0);
    throw error;
  }
}

function adminOperation(method: string, path: string): RestateOperation {
  const [, name] = adminOperationOf(method, path).split(".");
  return `restateAdmin.${name}` as RestateOperation;
}

async function openDoor(
  parts: RestateServerParts,
  port: number,
  door: RestateDoor,
): Promise<Listener> {
  const { config, env, authenticator } = parts;
  const { limits, tls, allowedHosts, restate } = config;
  const host = restate.host ?? config.host;
  const anyName = !isLoopback(host) && allowedHosts.length === 0;
  const origins = new DoorOrigins(restate.allowedOrigins);
  const admission = new Admission({
    env,
    limits: {
      ...limits,
      requestsPerSecond: limits.restateRequestsPerSecond,
      requestBurst: limits.restateRequestBurst,
    },
    authenticator,
    checkOrigin: origins.check(originCheck(anyName ? undefined : allowedHosts)),
    checkTarget: checkDoorTarget,
  });
  const waits = new Stays(limits.restateWaits, "waits for results");
  const app = createDoorApp({
    ...parts,
    admission,
    origins,
    door,
    waits,
    namespace: restate.namespace,
  });
  return listen({ app, env, config: { host, port, tls, limits } });
}

/** Without access, whoever may use this server is on this machine, and so are their endpoints. */
function guardOf({ restate, dev, insecure }: Config): OutboundGuard {
  const local = dev || insecure ? ["127.0.0.0/8", "::1"] : [];
  return new OutboundGuard({
    allow: [...restate.allow, ...local],
    connectMs: serverLimits.pushConnectMs,
    setting: "restate.allow",
  });
}

function identityOf({ config, env }: RestateServerParts): RequestIdentity | undefined {
  const { identityKey } = config.restate;
  if (identityKey === undefined) return undefined;
  const identity = new RequestIdentity(identityKey, env);
  const { publicKey } = identity;
  env.log("info", "requests to Restate endpoints are signed; give them this key", { publicKey });
  return identity;
}
