/** Where API keys are kept. */
import type { Engine, Env } from "@perdure/engine";
import { KeptRecords } from "./kept-records.ts";
import type { Role } from "./roles.ts";

/** The SHA-256 of a whole key, in hexadecimal digits. */
export interface KeySecret {
  readonly hash: string;
  /** It has been replaced, and works until then. */
  readonly until?: number;
}

/** Times in ms since epoch. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly namespace: string;
  readonly role: Role;
  readonly name?: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly lastUsedAt?: number;
  /** The current one first. */
  readonly secrets: readonly KeySecret[];
}

export interface AccessStore {
  get(id: string): Promise<ApiKeyRecord | undefined>;
  list(): Promise<readonly ApiKeyRecord[]>;
  put(record: ApiKeyRecord): Promise<void>;
  /** Writes `lastUsedAt` if the key is there. */
  touch(id: string, lastUsedAt: number): Promise<void>;
}

/** Of a key. */
interface Use {
  readonly id: string;
  readonly at: number;
}

/**
 * In the engine's store. The last use of a key has an entry of its own: whoever writes it must not
 * write back a key that somebody has revoked meanwhile.
 */
export class EngineAccessStore implements AccessStore {
  readonly #records: KeptRecords<ApiKeyRecord>;
  readonly #uses: KeptRecords<Use>;

  /** `env`: of one server among several. */
  constructor(engine: Pick<Engine, "keyedState">, env?: Env) {
    this.#records = new KeptRecords(engine, "api-keys", env);
    this.#uses = new KeptRecords(engine, "api-keys-used", env);
  }

  get(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#records.get(id);
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    const [records, uses] = await Promise.all([this.#records.list(), this.#uses.list()]);
    const usedAt = new Map(uses.map(({ id, at }) => [id, at]));
    return records.map((record) => {
      const at = usedAt.get(record.id);
      return at === undefined ? record : { ...record, lastUsedAt: at };
    });
  }

  put(record: ApiKeyRecord): Promise<void> {
    return this.#records.put(record.id, record);
  }

  async touch(id: string, lastUsedAt: number): Promise<void> {
    if (await this.get(id)) await this.#uses.put(id, { id, at: lastUsedAt });
  }
}

/** Gone with the process: for tests, and for a server that knows its keys from elsewhere. */
export class MemoryAccessStore implements AccessStore {
  readonly #records = new Map<string, ApiKeyRecord>();

  async get(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#records.get(id);
  }

  async list(): Promise<readonly ApiKeyRecord[]> {
    return [...this.#records.values()];
  }

  async put(record: ApiKeyRecord): Promise<void> {
    this.#records.set(record.id, record);
  }

  async touch(id: string, lastUsedAt: number): Promise<void> {
    const record = this.#records.get(id);
    if (record) this.#records.set(id, { ...record, lastUsedAt });
  }
}
