/**
 * The deployments of all namespaces: kept in the engine's store, known in this process.
 *
 * G1  What `catalog` says is in memory, whole and of one moment; it is replaced, never changed.
 * G2  Changes of one namespace happen one after the other in this process. Two nodes that change one
 *     deployment at the same moment both succeed, and the later word stands.
 * G3  What another node has changed is seen at the next tick, or when somebody asks to look again.
 * G4  Whoever listens is told of a namespace after its catalog has changed, and only then.
 */
import type { Env, KeyedStateVerbs } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Discovered, DiscoverRequest } from "../driver/discover.ts";
import { restateLimits } from "../limits.ts";
import { NamespaceCatalog, type DeploymentRecord, type ServiceView } from "./catalog.ts";
import type { HandlerSettings } from "./deployment.ts";
import { newDeploymentId } from "./deployment-id.ts";
import { DeploymentStore } from "./deployment-store.ts";
import { parseManifest } from "./manifest.ts";
import { overwritten, registrationOf, type Found, type Wanted } from "./registration.ts";
import { restateError } from "./restate-error.ts";
import { defaultSettings, type ServicePatch } from "./settings.ts";
import { checkHeaders, checkMetadata, checkUri } from "./wishes.ts";

/** Asks an endpoint what it serves. */
export type Discover = (request: DiscoverRequest) => Promise<Discovered>;

export interface RegistryParts {
  readonly keyedState: KeyedStateVerbs;
  readonly env: Env;
  readonly discover: Discover;
  /** What applies where neither handler nor service says otherwise. */
  readonly defaults?: HandlerSettings;
}

export interface RegisterRequest {
  readonly uri: string;
  readonly additionalHeaders?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly useHttp11?: boolean;
  readonly force?: boolean;
  readonly breaking?: boolean;
  /** Says what would be, and keeps nothing. */
  readonly dryRun?: boolean;
}

export interface UpdateRequest {
  readonly uri?: string;
  readonly additionalHeaders?: Readonly<Record<string, string>>;
  readonly useHttp11?: boolean;
  /** Takes the manifest that the endpoint has now; otherwise only the address and headers change. */
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
}

export interface Registered {
  readonly record: DeploymentRecord;
  /** Restate's API answers 201 to a new one and 200 to one that is there. */
  readonly isNew: boolean;
}

type Listener = (namespace: string) => void;

/** How long what another node has changed may be unknown here. */
const LOOK_EVERY_MS = 5_000;

export class DeploymentRegistry {
  readonly #parts: RegistryParts;
  readonly #store: DeploymentStore;
  readonly #defaults: HandlerSettings;
  readonly #catalogs = new Map<string, NamespaceCatalog>();
  readonly #empty: NamespaceCatalog;
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #listeners = new Set<Listener>();
  #cancelTick: () => void = () => undefined;
  #isClosed = false;

  private constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#store = new DeploymentStore(parts.keyedState);
    this.#defaults = parts.defaults ?? defaultSettings;
    this.#empty = new NamespaceCatalog([], this.#defaults);
  }

  static async open(parts: RegistryParts): Promise<DeploymentRegistry> {
    const registry = new DeploymentRegistry(parts);
    await registry.#lookAgain();
    registry.#tickLater();
    return registry;
  }

  /** That have deployments. */
  namespaces(): readonly string[] {
    return [...this.#catalogs.keys()];
  }

  catalog(namespace: string): NamespaceCatalog {
    return this.#catalogs.get(namespace) ?? this.#empty;
  }

  /** The services of a deployment as it alone would have them, kept or not. */
  servicesOf(record: DeploymentRecord): readonly ServiceView[] {
    return new NamespaceCatalog([record], this.#defaults).services;
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async refresh(namespace: string): Promise<NamespaceCatalog> {
    const records = await this.#store.list(namespace);
    const before = this.catalog(namespace);
    if (isSame(before.records, records)) return before;
    const catalog = new NamespaceCatalog(records, this.#defaults);
    if (records.length === 0) this.#catalogs.delete(namespace);
    else this.#catalogs.set(namespace, catalog);
    for (const listener of this.#listeners) listener(namespace);
    return catalog;
  }

  async register(namespace: string, request: RegisterRequest): Promise<Registered> {
    const { force = false, breaking = false, useHttp11 = false, dryRun = false } = request;
    const wanted: Wanted = {
      uri: checkUri(request.uri),
      additionalHeaders: checkHeaders(request.additionalHeaders ?? {}),
      metadata: checkMetadata(request.metadata ?? {}),
      useHttp11,
      force,
      breaking,
    };
    const found = await this.#discover(wanted);
    return this.#inTurn(namespace, async () => {
      const catalog = await this.refresh(namespace);
      const { record, outcome } = registrationOf(catalog, wanted, found, this.#identity(namespace));
      if (outcome === "new" && catalog.records.length >= restateLimits.deployments) throw tooMany();
      if (outcome !== "unchanged" && !dryRun) await this.#keep(record);
      return { record, isNew: outcome === "new" };
    });
  }

  async update(namespace: string, id: string, request: UpdateRequest): Promise<DeploymentRecord> {
    return this.#inTurn(namespace, async () => {
      const catalog = await this.refresh(namespace);
      const before = catalog.record(id) ?? unknown(id);
      const { deployment } = before;
      const wanted = {
        uri: request.uri === undefined ? deployment.uri : checkUri(request.uri),
        additionalHeaders:
          request.additionalHeaders === undefined
            ? deployment.additionalHeaders
            : checkHeaders(request.additionalHeaders),
        useHttp11: request.useHttp11 ?? deployment.useHttp11,
        metadata: deployment.metadata,
      };
      const other = catalog.records.find(({ deployment: one }) => one.uri === wanted.uri);
      if (other !== undefined && other !== before) throw taken(other);
      const found = await this.#discover(wanted);
      const { protocolVersion } = deployment;
      if (!speaks(found, protocolVersion)) throw otherVersion(id, protocolVersion);
      const record = request.overwrite
        ? overwritten(catalog, before, wanted, found)
        : { ...before, deployment: { ...deployment, ...wanted, ...modeOf(found) } };
      if (request.dryRun !== true) await this.#keep(record);
      return record;
    });
  }

  /** Its invocations wait until they are moved to another deployment. */
  async remove(namespace: string, id: string): Promise<void> {
    await this.#inTurn(namespace, async () => {
      const catalog = await this.refresh(namespace);
      if (catalog.record(id) === undefined) unknown(id);
      await this.#store.delete(namespace, id);
      await this.refresh(namespace);
    });
  }

  /** Of the latest deployment that has the service; the next registration of it forgets this. */
  async patchService(namespace: string, name: string, patch: ServicePatch): Promise<ServiceView> {
    return this.#inTurn(namespace, async () => {
      const catalog = await this.refresh(namespace);
      const view = catalog.service(name);
      const record = view && catalog.record(view.deploymentId);
      if (record === undefined) throw noService(name);
      const services = record.services.map((one) =>
        one.manifest.name === name ? { ...one, patch: { ...one.patch, ...patch } } : one,
      );
      await this.#keep({ ...record, services });
      return this.catalog(namespace).service(name) ?? noServiceAnyMore(name);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTick();
    this.#listeners.clear();
  }

  async #discover(wanted: Pick<Wanted, "uri" | "additionalHeaders" | "useHttp11">): Promise<Found> {
    const { uri, additionalHeaders, useHttp11 } = wanted;
    const found = await this.#parts.discover({ uri, headers: additionalHeaders, useHttp11 });
    const manifest = parseManifest(found.manifest);
    // What the endpoint says of its streams stands, unless HTTP/1.1 has no use for it.
    const protocolMode = useHttp11 ? "REQUEST_RESPONSE" : found.protocolMode;
    return { manifest, protocolMode, useHttp11, sdkVersion: found.sdkVersion };
  }

  async #keep(record: DeploymentRecord): Promise<void> {
    await this.#store.put(record);
    await this.refresh(record.deployment.namespace);
  }

  #identity(namespace: string) {
    const { env } = this.#parts;
    return { id: newDeploymentId(env), namespace, createdAt: Math.floor(env.now()) };
  }

  #inTurn<T>(namespace: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(namespace) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(namespace, mine);
    const forget = (): void => {
      if (this.#turns.get(namespace) === mine) this.#turns.delete(namespace);
    };
    mine.then(forget, forget);
    return mine;
  }

  async #lookAgain(): Promise<void> {
    for (const namespace of await this.#store.namespaces()) await this.refresh(namespace);
  }

  #tickLater(): void {
    const { env } = this.#parts;
    const tick = async (): Promise<void> => {
      try {
        await this.#lookAgain();
      } catch (error) {
        if (!this.#isClosed) env.log("warn", "the deployments could not be read", { error });
      }
      if (!this.#isClosed) this.#tickLater();
    };
    this.#cancelTick = env.after(LOOK_EVERY_MS, () => void tick());
  }
}

function isSame(a: readonly DeploymentRecord[], b: readonly DeploymentRecord[]): boolean {
  if (a.length !== b.length) return false;
  const known = new Set(a);
  return b.every((record) => known.has(record));
}

function modeOf({ protocolMode, sdkVersion }: Found) {
  return { protocolMode, ...(sdkVersion === undefined ? {} : { sdkVersion }) };
}

function speaks({ manifest }: Found, version: number): boolean {
  return manifest.minProtocolVersion <= version && version <= manifest.maxProtocolVersion;
}

function unknown(id: string): never {
  const text = `There is no deployment ${id.slice(0, 80)} here: look it up in the list.`;
  throw new PerdureError("not-found", text);
}

function noService(name: string): PerdureError {
  const text = `No deployment here has a service ${name.slice(0, 200)}: register one that has.`;
  return new PerdureError("not-found", text);
}

function noServiceAnyMore(name: string): never {
  throw noService(name);
}

function taken({ deployment: { id, uri } }: DeploymentRecord): PerdureError {
  const text = `The deployment ${id} has the address ${uri}: remove that one first.`;
  return restateError("conflict", "META0004", text);
}

function otherVersion(id: string, version: number): PerdureError {
  const text =
    `Invocations of ${id} speak version ${version} of the service protocol, which the endpoint ` +
    "does not: register it as a deployment of its own.";
  return restateError("conflict", "META0012", text);
}

function tooMany(): PerdureError {
  const text = `A namespace has at most ${restateLimits.deployments} deployments: remove one first.`;
  return new PerdureError("limit-exceeded", text);
}
