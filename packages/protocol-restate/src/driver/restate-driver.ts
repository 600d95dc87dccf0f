/**
 * The engine's workers for all deployments of all namespaces.
 *
 * It owns the workers and the endpoints behind them, and follows what is registered.
 *
 * R1  A deployment has workers for all that it serves, which are given the invocations pinned to it;
 *     and, for the services that it is the latest for, workers that pin new ones.
 * R2  What changes is given to new workers; the old ones finish what they have, so that nothing is
 *     lost between.
 */
import type { Env, WorkerHost, WorkerOptions } from "@perdure/engine";
import { limits } from "@perdure/kernel";
import type { Deployment, HandlerView } from "../deployments/deployment.ts";
import type { NamespaceCatalog } from "../deployments/catalog.ts";
import { Endpoint, type DriverEngine } from "./endpoint.ts";
import type { OutboundGuard } from "./http/dial.ts";
import type { RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";
import { RestateWorker } from "./restate-worker.ts";

/** The queue of all invocations. */
const QUEUE = "restate";

/** What is registered, as the registry of deployments tells it. */
export interface Registered {
  namespaces(): readonly string[];
  catalog(namespace: string): NamespaceCatalog;
  onChange(listener: (namespace: string) => void): () => void;
}

export interface DriverParts {
  readonly env: Env;
  readonly engine: DriverEngine & WorkerHost;
  readonly registry: Registered;
  readonly guard: OutboundGuard;
  /** Absent: requests are not signed. */
  readonly identity?: RequestIdentity;
  /** Attempts at a time at one endpoint. Default: `driverLimits.attempts`. */
  readonly attempts?: number;
}

/** Workers that serve the same names in the same way. */
interface Crew {
  readonly names: string;
  readonly workers: readonly RestateWorker[];
}

interface Served {
  readonly place: string;
  readonly endpoint: Endpoint;
  pinned: Crew;
  latest: Crew;
}

export class RestateDriver {
  readonly #parts: DriverParts;
  /** By namespace and deployment. */
  readonly #served = new Map<string, Map<string, Served>>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #unfollow: () => void;
  #isClosed = false;

  constructor(parts: DriverParts) {
    this.#parts = parts;
    this.#unfollow = parts.registry.onChange((namespace) => this.#follow(namespace));
    for (const namespace of parts.registry.namespaces()) this.#follow(namespace);
  }

  /** Lets attempts suspend, for a while, and gives up what is left. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unfollow();
    for (const deployments of this.#served.values()) {
      for (const served of deployments.values()) this.#retire(served);
    }
    this.#served.clear();
    await Promise.all(this.#leaving);
  }

  #follow(namespace: string): void {
    if (this.#isClosed) return;
    const catalog = this.#parts.registry.catalog(namespace);
    const before = this.#served.get(namespace) ?? new Map<string, Served>();
    const now = new Map<string, Served>();
    for (const { deployment } of catalog.records) {
      const { id } = deployment;
      const served = before.get(id);
      if (served !== undefined && served.place === placeOf(deployment)) {
        this.#update(served, deployment, catalog);
        now.set(id, served);
      } else now.set(id, this.#serve(deployment, catalog));
    }
    this.#served.set(namespace, now);
    for (const [id, served] of before) if (now.get(id) !== served) this.#retire(served);
  }

  #serve(deployment: Deployment, catalog: NamespaceCatalog): Served {
    const { env, engine, guard, registry, identity, attempts } = this.#parts;
    const endpoint = new Endpoint({
      env,
      engine,
      guard,
      deployment,
      catalog: () => registry.catalog(deployment.namespace),
      ...(identity === undefined ? {} : { identity }),
      ...(attempts === undefined ? {} : { attempts }),
    });
    return {
      place: placeOf(deployment),
      endpoint,
      pinned: this.#crew(endpoint, "pinned", namesOf(catalog.handlersOf(deployment.id))),
      latest: this.#crew(endpoint, "pin", namesOf(catalog.latestOf(deployment.id))),
    };
  }

  #update(served: Served, { id }: Deployment, catalog: NamespaceCatalog): void {
    const { endpoint, pinned, latest } = served;
    const all = namesOf(catalog.handlersOf(id));
    const newest = namesOf(catalog.latestOf(id));
    if (pinned.names !== all.join(" ")) {
      served.pinned = this.#crew(endpoint, "pinned", all);
      this.#drain(pinned);
    }
    if (latest.names !== newest.join(" ")) {
      served.latest = this.#crew(endpoint, "pin", newest);
      this.#drain(latest);
    }
  }

  #crew(endpoint: Endpoint, versioning: "pin" | "pinned", names: readonly string[]): Crew {
    const workers: RestateWorker[] = [];
    for (let at = 0; at < names.length; at += limits.workerNames) {
      const some = names.slice(at, at + limits.workerNames);
      workers.push(this.#register(endpoint, versioning, some));
    }
    return { names: names.join(" "), workers };
  }

  #register(
    endpoint: Endpoint,
    versioning: "pin" | "pinned",
    workflows: readonly string[],
  ): RestateWorker {
    const { env, engine } = this.#parts;
    const { id, namespace, uri } = endpoint.deployment;
    const random = Math.floor(env.random() * 2 ** 32).toString(36);
    const worker = new RestateWorker(`restate-${id}-${versioning}-${random}`, endpoint);
    const options: WorkerOptions = {
      namespace,
      queues: [{ name: QUEUE, workflows, tasks: [] }],
      taskSlots: 0,
      runSlots: driverLimits.holds,
      leaseMs: 0,
      version: id,
      versioning,
      labels: { deployment: id, uri: uri.slice(0, limits.workerLabelChars) },
    };
    worker.connect(engine.register(worker, options));
    return worker;
  }

  #drain({ workers }: Crew): void {
    for (const worker of workers) void worker.drain();
  }

  /** The last of a deployment: its connections are closed when nothing uses them. */
  #retire({ endpoint, pinned, latest }: Served): void {
    const left = this.#leave(endpoint, [...pinned.workers, ...latest.workers]);
    this.#leaving.add(left);
    void left.finally(() => this.#leaving.delete(left));
  }

  async #leave(endpoint: Endpoint, workers: readonly RestateWorker[]): Promise<void> {
    endpoint.leave();
    await this.#inTime(Promise.all(workers.map((worker) => worker.drain())));
    for (const worker of workers) worker.stop();
    endpoint.close();
  }

  async #inTime(done: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const cancel = this.#parts.env.after(driverLimits.closeMs, () => late.resolve());
    await Promise.race([done, late.promise]);
    cancel();
  }
}

/** Where it is and how it is spoken to: what an endpoint is built of. */
function placeOf(deployment: Deployment): string {
  const { uri, additionalHeaders, protocolMode, protocolVersion, useHttp11 } = deployment;
  return JSON.stringify([uri, additionalHeaders, protocolMode, protocolVersion, useHttp11]);
}

function namesOf(handlers: readonly HandlerView[]): readonly string[] {
  return handlers.map(({ service, name }) => `${service}.${name}`).toSorted();
}
