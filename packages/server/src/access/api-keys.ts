/**
 * API keys: `pdk_<id>_<secret>`. The id finds the record; of the secret only its SHA-256 is kept,
 * which is enough for 256 random bits, and it is compared in constant time.
 *
 * K1  A secret is shown once, when it is made, and is never written anywhere.
 * K2  A key speaks for one namespace (or, an admin's, for the server) and has one role, for ever.
 * K3  After `rotate` the old secret works until its overlap is over, and no third one does.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { PerdureError } from "@perdure/kernel";
import type { AccessStore, ApiKeyRecord, KeySecret } from "./access-store.ts";
import type { Caller } from "./caller.ts";
import { DEFAULT_NAMESPACE, EVERY_NAMESPACE } from "./namespaces.ts";
import type { Role } from "./roles.ts";

const KEY = /^pdk_([a-z0-9]{16})_([A-Za-z0-9_-]{43})$/;
/** `lastUsedAt` is written at most so often; it says whether a key is still in use, not when to the second. */
const USED_EVERY_MS = 60_000;

export interface NewApiKey {
  /** One namespace, or `*`: the whole server, for admins. */
  readonly namespace: string;
  readonly role: Role;
  readonly name?: string;
  /** Ms since epoch. */
  readonly expiresAt?: number;
}

/** What is shown of a key. */
export type ApiKeyView = Omit<ApiKeyRecord, "secrets"> & {
  /** Until when the secret before the current one works. */
  readonly overlapUntil?: number;
};

export interface IssuedKey {
  readonly key: ApiKeyView;
  /** The whole key; it cannot be shown again. */
  readonly secret: string;
}

export interface ApiKeysParts {
  readonly store: AccessStore;
  readonly now: () => number;
  readonly log: (message: string, error: unknown) => void;
}

export class ApiKeys {
  readonly #store: AccessStore;
  readonly #now: () => number;
  readonly #log: ApiKeysParts["log"];
  readonly #usedAt = new Map<string, number>();

  constructor({ store, now, log }: ApiKeysParts) {
    this.#store = store;
    this.#now = now;
    this.#log = log;
  }

  async create(wanted: NewApiKey, by: string): Promise<IssuedKey> {
    const { namespace, role, name, expiresAt } = wanted;
    if (namespace === EVERY_NAMESPACE && role !== "admin") {
      throw new PerdureError("invalid-argument", "Only an admin's key may be for every namespace.");
    }
    const id = randomBytes(8).toString("hex");
    const { secret, hash } = newSecret(id);
    const record: ApiKeyRecord = {
      id,
      namespace,
      role,
      ...(name === undefined ? {} : { name }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      createdAt: this.#now(),
      createdBy: by,
      secrets: [{ hash }],
    };
    await this.#store.put(record);
    return { key: viewOf(record), secret };
  }

  /** Is there a key that works? */
  async any(): Promise<boolean> {
    const now = this.#now();
    const records = await this.#store.list();
    return records.some(
      ({ revokedAt, expiresAt }) =>
        revokedAt === undefined && (expiresAt === undefined || expiresAt > now),
    );
  }

  /** All keys of a namespace; `*`: all. */
  async list(namespace: string): Promise<readonly ApiKeyView[]> {
    const records = await this.#store.list();
    return records
      .filter((record) => reaches(namespace, record))
      .toSorted((a, b) => a.createdAt - b.createdAt || a.id.localeCompare(b.id))
      .map(viewOf);
  }

  /** The secret before this one works for `overlapMs` more; one before that ends now. */
  async rotate(namespace: string, id: string, overlapMs: number): Promise<IssuedKey> {
    const record = await this.#find(namespace, id);
    if (record.revokedAt !== undefined) {
      throw new PerdureError("already-closed", `The key ${id} is revoked: create another one.`);
    }
    const { secret, hash } = newSecret(id);
    const old = record.secrets[0];
    const until = this.#now() + overlapMs;
    const kept: readonly KeySecret[] = old && overlapMs > 0 ? [{ hash: old.hash, until }] : [];
    const next = { ...record, secrets: [{ hash }, ...kept] };
    await this.#store.put(next);
    return { key: viewOf(next), secret };
  }

  async revoke(namespace: string, id: string): Promise<void> {
    const record = await this.#find(namespace, id);
    if (record.revokedAt !== undefined) return;
    await this.#store.put({ ...record, revokedAt: this.#now(), secrets: [] });
  }

  /** Undefined: no such key, another secret, revoked, or expired. It is not said which. */
  async authenticate(token: string): Promise<Caller | undefined> {
    const [, id, secret] = KEY.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const record = await this.#store.get(id);
    const given = sha256(token);
    if (record === undefined || record.revokedAt !== undefined) return undefined;
    const now = this.#now();
    if (record.expiresAt !== undefined && record.expiresAt <= now) return undefined;
    const fits = record.secrets.some(
      ({ hash, until }) => same(hash, given) && (until === undefined || until > now),
    );
    if (!fits) return undefined;
    this.#used(record, now);
    const anyNamespace = record.namespace === EVERY_NAMESPACE;
    return {
      namespace: anyNamespace ? DEFAULT_NAMESPACE : record.namespace,
      role: record.role,
      id: `key:${id}`,
      by: `key:${id}`,
      anyNamespace,
    };
  }

  async #find(namespace: string, id: string): Promise<ApiKeyRecord> {
    const record = await this.#store.get(id);
    if (record !== undefined && reaches(namespace, record)) return record;
    throw new PerdureError("not-found", `There is no API key ${id}: look it up in the list.`);
  }

  #used(record: ApiKeyRecord, now: number): void {
    const before = this.#usedAt.get(record.id) ?? record.lastUsedAt ?? 0;
    if (now - before < USED_EVERY_MS) return;
    this.#usedAt.set(record.id, now);
    void this.#store.touch(record.id, now).catch((error: unknown) => {
      this.#log("the last use of an API key could not be written", error);
    });
  }
}

function reaches(namespace: string, record: ApiKeyRecord): boolean {
  return namespace === EVERY_NAMESPACE || record.namespace === namespace;
}

function newSecret(id: string): { readonly secret: string; readonly hash: string } {
  const secret = `pdk_${id}_${randomBytes(32).toString("base64url")}`;
  return { secret, hash: sha256(secret) };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

function viewOf({ secrets, ...record }: ApiKeyRecord): ApiKeyView {
  const until = secrets[1]?.until;
  return until === undefined ? record : { ...record, overlapUntil: until };
}
