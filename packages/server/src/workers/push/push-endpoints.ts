/**
 * The push endpoints of all namespaces: kept in a store, alive in this process.
 *
 * S1  A key is shown when it is made, and never again.
 * S2  A URL is judged when it is put, and its address whenever it is dialled (`outbound/guard.ts`).
 * S3  Of several servers one serves an endpoint, so that its concurrency is counted in one place; what
 *     another has changed is seen within `pushFollowMs`, and so is that it has to be served here.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import {
  insecureKey,
  makeSigningKey,
  parseSigningKey,
  signingKeyText,
  toHex,
  type Digests,
} from "@perdure/wire";
import type { Route } from "../../http/route.ts";
import { serverLimits } from "../../limits.ts";
import type { PushHost } from "../hosts.ts";
import { PushCaller } from "./caller.ts";
import type { EndpointRecord, EndpointSpec } from "./endpoint.ts";
import { nothingKnown, viewElsewhere, viewOf, type EndpointView } from "./endpoint-view.ts";
import { LiveEndpoint, type PushEngine } from "./live-endpoint.ts";
import { OutboundGuard } from "./outbound/guard.ts";
import type { Outbound } from "./outbound/post.ts";
import { outboundOver } from "./outbound/undici.ts";
import { nameOf, type PushStore } from "./push-store.ts";
import { pushRoutes } from "./routes.ts";

const GRACE_MS = 4_000;
const CONCURRENCY = 32;

export interface PushOptions {
  readonly engine: PushEngine;
  readonly env: Env;
  readonly store: PushStore;
  /** Whether this server is the one, of several, to serve the endpoint; absent: it is the only one. */
  readonly isOurs?: (namespace: string, id: string) => boolean;
  /** Targets beside public https: addresses, networks, names (trap T12). */
  readonly allow?: readonly string[];
  /** All addresses of a name; default: this machine's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Default: connections that the guard judges. */
  readonly outbound?: Outbound;
  /** Fills with bytes that nobody can guess. Default: the system's. */
  readonly random?: Random;
  /** Default: WebCrypto. */
  readonly digests?: Digests;
}

type Random = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

export interface NewEndpoint extends Omit<EndpointSpec, "concurrency"> {
  readonly concurrency?: number;
  /** Signs with the key that everybody knows: loopback only. */
  readonly insecure?: boolean;
}

export interface PutEndpoint {
  readonly endpoint: EndpointView;
  /** Of a new endpoint: it cannot be shown again. */
  readonly key?: string;
}

export class PushEndpoints implements PushHost {
  readonly routes: readonly Route[];
  readonly #options: PushOptions;
  readonly #guard: OutboundGuard;
  readonly #caller: PushCaller;
  /** All that are kept, as they were read or written last. */
  #known = new Map<string, EndpointRecord>();
  /** Those that are served here. */
  readonly #live = new Map<string, LiveEndpoint>();
  #cancelLook: () => void = () => undefined;
  #isClosed = false;
  readonly #random: Random;
  readonly #boot: string;

  private constructor(options: PushOptions) {
    this.#options = options;
    const { env, allow = [], resolve, outbound, digests } = options;
    const connectMs = serverLimits.pushConnectMs;
    this.#guard = new OutboundGuard({ allow, connectMs, ...(resolve ? { resolve } : {}) });
    this.#random = options.random ?? systemRandom;
    this.#caller = new PushCaller({
      env,
      outbound: outbound ?? outboundOver(this.#guard),
      random: this.#random,
      digests,
    });
    this.#boot = toHex(this.#random(new Uint8Array(6)));
    this.routes = pushRoutes(this);
  }

  /** Begins to serve all endpoints that are kept. */
  static async open(options: PushOptions): Promise<PushEndpoints> {
    const endpoints = new PushEndpoints(options);
    await endpoints.#look();
    if (options.isOurs !== undefined) endpoints.#lookLater();
    return endpoints;
  }

  /** As far as this server knows: of one that another serves, not how it is. */
  list(namespace: string): readonly EndpointView[] {
    return [...this.#known.values()]
      .filter((record) => record.namespace === namespace)
      .map((record) => this.#viewOf(record))
      .toSorted((a, b) => a.id.localeCompare(b.id));
  }

  /** Also how those are that other servers serve, as their workers say it. */
  async listAll(namespace: string): Promise<readonly EndpointView[]> {
    if (this.#options.isOurs === undefined) return this.list(namespace);
    const [workers] = await Promise.all([this.#options.engine.workers(namespace), this.#look()]);
    return this.list(namespace).map((view) => {
      const isLive = this.#live.has(nameOf(namespace, view.id));
      return isLive ? view : { ...view, ...viewElsewhere(view.id, workers) };
    });
  }

  async put(namespace: string, id: string, wanted: NewEndpoint): Promise<PutEndpoint> {
    const url = this.#guard.check(wanted.url);
    const { insecure = false, concurrency = CONCURRENCY, ...spec } = wanted;
    if (this.#options.isOurs !== undefined) await this.#look(true);
    const before = this.#known.get(nameOf(namespace, id));
    if (!before && this.list(namespace).length >= serverLimits.pushEndpoints) throw tooMany();
    if (insecure && !isLoopback(url.hostname)) throw notLocal();
    const made = insecure ? insecureKey : newKey(this.#random);
    const isNew = !before || insecure !== isInsecure(before);
    const keys = isNew ? { key: signingKeyText(made) } : keysOf(before);
    const createdAt = before?.createdAt ?? Math.floor(this.#options.env.now());
    const record: EndpointRecord = { id, namespace, ...spec, concurrency, ...keys, createdAt };
    await this.#keep(record);
    return { endpoint: this.#viewOf(record), ...(isNew && !insecure ? { key: keys.key } : {}) };
  }

  /** The new key takes over when the app knows it; `isImmediate`: now, for a key that has leaked. */
  async rotate(
    namespace: string,
    id: string,
    isImmediate: boolean,
  ): Promise<Required<PutEndpoint>> {
    const key = signingKeyText(newKey(this.#random));
    const { nextKey: _, ...before } = await this.#find(namespace, id);
    const rotatedAt = Math.floor(this.#options.env.now());
    const record = { ...before, ...(isImmediate ? { key } : { nextKey: key }), rotatedAt };
    await this.#keep(record);
    return { endpoint: this.#viewOf(record), key };
  }

  async delete(namespace: string, id: string): Promise<void> {
    await this.#find(namespace, id);
    await this.#options.store.delete(namespace, id);
    this.#known.delete(nameOf(namespace, id));
    this.#settle();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    await Promise.all([...this.#live.values()].map((live) => live.close(GRACE_MS)));
    this.#live.clear();
    await this.#caller.close();
  }

  async #keep(record: EndpointRecord): Promise<void> {
    await this.#options.store.put(record);
    this.#known.set(nameOf(record.namespace, record.id), record);
    this.#settle();
  }

  /** What the store has now. */
  async #look(isExact = false): Promise<void> {
    const records = await this.#options.store.list(isExact);
    this.#known = new Map(
      records.map((record) => [nameOf(record.namespace, record.id), record] as const),
    );
    this.#settle();
  }

  #lookLater(): void {
    const { env } = this.#options;
    const look = async (): Promise<void> => {
      try {
        await this.#look();
      } catch (error) {
        if (!this.#isClosed) env.log("warn", "the push endpoints could not be read", { error });
      }
      if (!this.#isClosed) this.#lookLater();
    };
    this.#cancelLook = env.after(serverLimits.pushFollowMs, () => void look());
  }

  /** Serves what is to be served here, as it is now, and nothing else (S3). */
  #settle(): void {
    if (this.#isClosed) return;
    const { isOurs = () => true } = this.#options;
    for (const [name, record] of this.#known) {
      if (!isOurs(record.namespace, record.id)) continue;
      const live = this.#live.get(name);
      if (live === undefined) this.#begin(record).describeSoon();
      else if (JSON.stringify(live.record) !== JSON.stringify(record)) live.change(record);
    }
    for (const [name, live] of this.#live) {
      const record = this.#known.get(name);
      if (record !== undefined && isOurs(record.namespace, record.id)) continue;
      this.#live.delete(name);
      void live.close(GRACE_MS);
    }
  }

  #viewOf(record: EndpointRecord): EndpointView {
    const live = this.#live.get(nameOf(record.namespace, record.id));
    return viewOf(live?.record ?? record, live?.view() ?? nothingKnown);
  }

  #begin(record: EndpointRecord): LiveEndpoint {
    const { env, engine, store } = this.#options;
    const save = async (changed: EndpointRecord): Promise<void> => {
      await store.put(changed);
      this.#known.set(nameOf(changed.namespace, changed.id), changed);
    };
    const live = new LiveEndpoint(
      { env, engine, caller: this.#caller, boot: this.#boot, save },
      record,
    );
    this.#live.set(nameOf(record.namespace, record.id), live);
    return live;
  }

  async #find(namespace: string, id: string): Promise<EndpointRecord> {
    if (this.#options.isOurs !== undefined) await this.#look(true);
    const name = nameOf(namespace, id);
    const record = this.#live.get(name)?.record ?? this.#known.get(name);
    if (record) return record;
    throw new PerdureError(
      "not-found",
      `There is no push endpoint "${id}": look it up in the list.`,
    );
  }
}

function keysOf({ key, nextKey, rotatedAt }: EndpointRecord) {
  return {
    key,
    ...(nextKey === undefined ? {} : { nextKey }),
    ...(rotatedAt === undefined ? {} : { rotatedAt }),
  };
}

function isInsecure({ key }: EndpointRecord): boolean {
  return parseSigningKey(key).kid === insecureKey.kid;
}

function newKey(random: Random) {
  return makeSigningKey(toHex(random(new Uint8Array(4))), random);
}

function systemRandom(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(bytes);
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host);
}

function notLocal(): PerdureError {
  const text = "An insecure endpoint must be on this machine: use a loopback address, or keys.";
  return new PerdureError("invalid-argument", text);
}

function tooMany(): PerdureError {
  const text = `A namespace has at most ${serverLimits.pushEndpoints} push endpoints: delete one first.`;
  return new PerdureError("limit-exceeded", text);
}
