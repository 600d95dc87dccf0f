/** An engine, a registry and the driver, with real endpoints of the unmodified SDK beside them. */
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import { createServer as createServer1 } from "node:http";
import type { AddressInfo } from "node:net";
import { createEndpointHandler, type EndpointOptions } from "@restatedev/restate-sdk";
import { createCalendar, Engine, systemEnv, type StartRequest } from "@perdure/engine";
import type { Outcome, RunEvent, RunId } from "@perdure/kernel";
import { MemoryStore, type Store } from "@perdure/store";
import { DeploymentRegistry } from "../deployments/registry.ts";
import { defaultSettings } from "../deployments/settings.ts";
import type { HandlerSettings } from "../deployments/deployment.ts";
import { payloadOf } from "../projection/payloads.ts";
import { placeOf } from "../projection/placement.ts";
import { discover } from "./discover.ts";
import { anyAddress } from "./http/endpoints.test-support.ts";
import type { RequestIdentity } from "./identity.ts";
import { RestateDriver } from "./restate-driver.ts";

export const NAMESPACE = "test";

export interface WorldOptions {
  readonly store?: Store;
  readonly settings?: Partial<HandlerSettings>;
  readonly attempts?: number;
  readonly identity?: RequestIdentity;
  /** In place of a question to the endpoint. */
  readonly discover?: typeof discover;
}

export class World {
  readonly engine: Engine;
  readonly registry: DeploymentRegistry;
  readonly driver: RestateDriver;

  private constructor(engine: Engine, registry: DeploymentRegistry, driver: RestateDriver) {
    this.engine = engine;
    this.registry = registry;
    this.driver = driver;
  }

  static async open(options: WorldOptions = {}): Promise<World> {
    const { store = new MemoryStore(), settings = {}, attempts, identity } = options;
    const env = systemEnv({ log: () => undefined });
    const engine = await Engine.open({ store, env, calendar: createCalendar() });
    const guard = anyAddress;
    const signed = identity === undefined ? {} : { identity };
    const registry = await DeploymentRegistry.open({
      keyedState: engine.keyedState,
      env,
      discover: (request) => (options.discover ?? discover)(request, { env, guard, ...signed }),
      defaults: { ...defaultSettings, ...settings },
    });
    const driver = new RestateDriver({
      env,
      engine,
      registry,
      guard,
      ...signed,
      ...(attempts === undefined ? {} : { attempts }),
    });
    return new World(engine, registry, driver);
  }

  async register(
    uri: string,
    more: { readonly useHttp11?: boolean; readonly force?: boolean } = {},
  ) {
    const { record } = await this.registry.register(NAMESPACE, { uri, ...more });
    return record.deployment;
  }

  /** `target`: `Service/handler` or `Object/key/handler`. */
  async send(target: string, input?: unknown, more: Partial<StartRequest> = {}): Promise<RunId> {
    const [service = "", ...rest] = target.split("/");
    const handler = rest.at(-1) ?? "";
    const view = this.registry.catalog(NAMESPACE).handler(service, handler);
    if (view === undefined) throw new Error(`no handler ${target}`);
    const key = rest.length === 2 ? rest[0]! : undefined;
    const callee = { type: "handler", view, ...(key === undefined ? {} : { key }) } as const;
    const text = input === undefined ? "" : JSON.stringify(input);
    const { runId } = await this.engine.start({
      namespace: NAMESPACE,
      input: payloadOf(Buffer.from(text)),
      ...placeOf(NAMESPACE, callee, false, false),
      ...more,
    });
    return runId;
  }

  async call(target: string, input?: unknown): Promise<unknown> {
    return this.value(await this.send(target, input));
  }

  async value(runId: RunId): Promise<unknown> {
    return valueOf(await this.engine.outcome(runId));
  }

  async journal(runId: RunId): Promise<readonly RunEvent[]> {
    return this.engine.journal(runId);
  }

  async kinds(runId: RunId): Promise<readonly string[]> {
    return (await this.journal(runId)).map(({ kind }) => kind);
  }

  async close(): Promise<void> {
    await this.driver.close();
    this.registry.close();
    await this.engine.close();
  }
}

export function valueOf(outcome: Outcome): unknown {
  if (outcome.status === "completed") {
    const text = Buffer.from(outcome.output.data).toString("utf8");
    return text === "" ? undefined : JSON.parse(text);
  }
  if (outcome.status === "continued") return outcome;
  const { code, message } = outcome.failure;
  return { status: outcome.status, code, message };
}

export interface SdkEndpoint {
  readonly uri: string;
  /** Cuts every connection. */
  cut(): void;
  close(): void;
}

/** A quiet one: what handlers throw is what tests are about. */
export async function sdkEndpoint(
  services: EndpointOptions["services"],
  { port = 0, ...more }: { readonly port?: number } & Partial<EndpointOptions> = {},
): Promise<SdkEndpoint> {
  const handler = createEndpointHandler({ services, logger: () => undefined, ...more });
  const server: Http2Server = createServer(handler);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => {
    for (const session of sessions) session.destroy();
  };
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

/** Over HTTP/1.1, in request and response mode. */
export async function sdkEndpoint1(services: EndpointOptions["services"]): Promise<SdkEndpoint> {
  const handler = createEndpointHandler({
    services,
    bidirectional: false,
    logger: () => undefined,
  });
  const server = createServer1(handler as unknown as Parameters<typeof createServer1>[1]);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
