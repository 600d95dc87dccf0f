/** Where API keys are kept. */
import type { Engine } from "@perdure/engine";
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

/** In the engine's store. */
export class EngineAccessStore implements AccessStore {
  readonly #records: KeptRecords<ApiKeyRecord>;

  constructor(engine: Pick<Engine, "keyedState">) {
    this.#records = new KeptRecords(engine, "api-keys");
  }

  get(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#records.get(id);
  }

  list(): Promise<readonly ApiKeyRecord[]> {
    return this.#records.list();
  }

  put(record: ApiKeyRecord): Promise<void> {
    return this.#records.put(record.id, record);
  }

  async touch(id: string, lastUsedAt: number): Promise<void> {
    const record = await this.get(id);
    if (record) await this.put({ ...record, lastUsedAt });
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
