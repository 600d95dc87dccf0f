/**
 * The push endpoints of all namespaces: kept in a store, alive in this process.
 *
 * S1  A key is shown when it is made, and never again.
 * S2  A URL is judged when it is put, and its address whenever it is dialled (`outbound/guard.ts`).
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
import { LiveEndpoint, type LiveView, type PushEngine } from "./live-endpoint.ts";
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

export interface EndpointView
  extends Omit<EndpointRecord, "key" | "nextKey" | "headers">, LiveView {
  /** The names alone: values may be secret. */
  readonly headerNames: readonly string[];
  /** Of the key that signs. */
  readonly kid: string;
  /** Of the one that takes over when the app knows it. */
  readonly nextKid?: string;
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
  readonly #live = new Map<string, LiveEndpoint>();
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
    for (const record of await options.store.list()) endpoints.#begin(record).describeSoon();
    return endpoints;
  }

  list(namespace: string): readonly EndpointView[] {
    return [...this.#live.values()]
      .filter(({ record }) => record.namespace === namespace)
      .map(viewOf)
      .toSorted((a, b) => a.id.localeCompare(b.id));
  }

  async put(namespace: string, id: string, wanted: NewEndpoint): Promise<PutEndpoint> {
    const url = this.#guard.check(wanted.url);
    const { insecure = false, concurrency = CONCURRENCY, ...spec } = wanted;
    const before = this.#live.get(nameOf(namespace, id));
    if (!before && this.list(namespace).length >= serverLimits.pushEndpoints) throw tooMany();
    if (insecure && !isLoopback(url.hostname)) throw notLocal();
    const made = insecure ? insecureKey : newKey(this.#random);
    const isNew = !before || insecure !== isInsecure(before.record);
    const keys = isNew ? { key: signingKeyText(made) } : keysOf(before.record);
    const createdAt = before?.record.createdAt ?? Math.floor(this.#options.env.now());
    const record: EndpointRecord = { id, namespace, ...spec, concurrency, ...keys, createdAt };
    await this.#options.store.put(record);
    const live = before ?? this.#begin(record);
    live.change(record);
    return { endpoint: viewOf(live), ...(isNew && !insecure ? { key: keys.key } : {}) };
  }

  /** The new key takes over when the app knows it; `isImmediate`: now, for a key that has leaked. */
  async rotate(
    namespace: string,
    id: string,
    isImmediate: boolean,
  ): Promise<Required<PutEndpoint>> {
    const live = this.#find(namespace, id);
    const key = signingKeyText(newKey(this.#random));
    const { nextKey: _, ...before } = live.record;
    const rotatedAt = Math.floor(this.#options.env.now());
    const record = { ...before, ...(isImmediate ? { key } : { nextKey: key }), rotatedAt };
    await this.#options.store.put(record);
    live.change(record);
    return { endpoint: viewOf(live), key };
  }

  async delete(namespace: string, id: string): Promise<void> {
    const live = this.#find(namespace, id);
    await this.#options.store.delete(namespace, id);
    this.#live.delete(nameOf(namespace, id));
    void live.close(GRACE_MS);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#live.values()].map((live) => live.close(GRACE_MS)));
    this.#live.clear();
    await this.#caller.close();
  }

  #begin(record: EndpointRecord): LiveEndpoint {
    const { env, engine, store } = this.#options;
    const save = (changed: EndpointRecord) => store.put(changed);
    const live = new LiveEndpoint(
      { env, engine, caller: this.#caller, boot: this.#boot, save },
      record,
    );
    this.#live.set(nameOf(record.namespace, record.id), live);
    return live;
  }

  #find(namespace: string, id: string): LiveEndpoint {
    const live = this.#live.get(nameOf(namespace, id));
    if (live) return live;
    throw new PerdureError(
      "not-found",
      `There is no push endpoint "${id}": look it up in the list.`,
    );
  }
}

function viewOf(live: LiveEndpoint): EndpointView {
  const { key, nextKey, headers = {}, ...record } = live.record;
  return {
    ...record,
    ...live.view(),
    headerNames: Object.keys(headers),
    kid: parseSigningKey(key).kid,
    ...(nextKey === undefined ? {} : { nextKid: parseSigningKey(nextKey).kid }),
  };
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
