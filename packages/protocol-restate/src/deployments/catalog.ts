/**
 * The deployments of one namespace at one moment. It never changes: a change is another catalog.
 *
 * C1  A service is served by the deployment with its highest revision (D3).
 * C2  What a handler's settings are is worked out once, here.
 */
import type {
  Catalog,
  Deployment,
  HandlerSettings,
  HandlerView,
  ServiceType,
} from "./deployment.ts";
import type { ManifestService } from "./manifest.ts";
import { handlerView, settingsOf, type ServicePatch } from "./settings.ts";

/** A service as one deployment has it. */
export interface ServiceRecord {
  /** 1 at the service's first registration, and one more with each that changed what serves it. */
  readonly revision: number;
  readonly manifest: ManifestService;
  readonly patch: ServicePatch;
}

/** All that is kept of one deployment, as JSON. */
export interface DeploymentRecord {
  readonly deployment: Deployment;
  readonly services: readonly ServiceRecord[];
}

/** A service as its latest deployment has it. */
export interface ServiceView {
  readonly name: string;
  readonly type: ServiceType;
  readonly revision: number;
  readonly deploymentId: string;
  readonly isPublic: boolean;
  /** Of the service itself; each handler has its own. */
  readonly settings: HandlerSettings;
  readonly handlers: readonly HandlerView[];
  /** As the endpoint said it: documentation, metadata, schemas. */
  readonly manifest: ManifestService;
}

type Views = ReadonlyMap<string, ReadonlyMap<string, HandlerView>>;

export class NamespaceCatalog implements Catalog {
  readonly records: readonly DeploymentRecord[];
  readonly services: readonly ServiceView[];
  readonly #byId = new Map<string, DeploymentRecord>();
  readonly #views = new Map<string, Views>();
  readonly #latest = new Map<string, ServiceView>();

  constructor(records: readonly DeploymentRecord[], defaults: HandlerSettings) {
    this.records = records.toSorted(byAge);
    for (const record of this.records) {
      const { id } = record.deployment;
      this.#byId.set(id, record);
      this.#views.set(id, viewsOf(record, defaults));
      for (const service of record.services) this.#offer(id, service, defaults);
    }
    this.services = [...this.#latest.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  handler(service: string, handler: string): HandlerView | undefined {
    const deployment = this.#latest.get(service)?.deploymentId;
    return deployment === undefined ? undefined : this.handlerAt(deployment, service, handler);
  }

  handlerAt(deployment: string, service: string, handler: string): HandlerView | undefined {
    return this.#views.get(deployment)?.get(service)?.get(handler);
  }

  deployment(id: string): Deployment | undefined {
    return this.#byId.get(id)?.deployment;
  }

  record(id: string): DeploymentRecord | undefined {
    return this.#byId.get(id);
  }

  service(name: string): ServiceView | undefined {
    return this.#latest.get(name);
  }

  /** All that a deployment serves: it may have invocations of any of them. */
  handlersOf(deployment: string): readonly HandlerView[] {
    const views = this.#views.get(deployment)?.values() ?? [];
    return [...views].flatMap((handlers) => [...handlers.values()]);
  }

  /** What a deployment is the latest for: it gets new invocations of these. */
  latestOf(deployment: string): readonly HandlerView[] {
    return this.handlersOf(deployment).filter(({ service }) => {
      return this.#latest.get(service)?.deploymentId === deployment;
    });
  }

  #offer(deploymentId: string, service: ServiceRecord, defaults: HandlerSettings): void {
    const { manifest, patch, revision } = service;
    const { name, ty: type } = manifest;
    if ((this.#latest.get(name)?.revision ?? 0) >= revision) return;
    const settings = settingsOf([manifest], patch, defaults);
    const handlers = [...(this.#views.get(deploymentId)?.get(name)?.values() ?? [])];
    const isPublic = !settings.isPrivate;
    const view = { name, type, revision, deploymentId, isPublic, settings, handlers, manifest };
    this.#latest.set(name, view);
  }
}

/** Two of one moment have an order too, the same on every node. */
function byAge({ deployment: a }: DeploymentRecord, { deployment: b }: DeploymentRecord): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}

function viewsOf({ services }: DeploymentRecord, defaults: HandlerSettings): Views {
  return new Map(
    services.map(({ manifest, patch }) => [
      manifest.name,
      new Map(
        manifest.handlers.map((handler) => {
          return [handler.name, handlerView(manifest, handler, patch, defaults)] as const;
        }),
      ),
    ]),
  );
}
