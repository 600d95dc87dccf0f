/** Where endpoints are kept. */
import type { Engine, Env } from "@perdure/engine";
import { KeptRecords } from "../../access/kept-records.ts";
import type { EndpointRecord } from "./endpoint.ts";

export interface PushStore {
  /** `isExact`: also what another server has written just now. */
  list(isExact?: boolean): Promise<readonly EndpointRecord[]>;
  put(record: EndpointRecord): Promise<void>;
  delete(namespace: string, id: string): Promise<void>;
}

/** In the engine's store. */
export class EnginePushStore implements PushStore {
  readonly #records: KeptRecords<EndpointRecord>;

  /** `env`: of one server among several. */
  constructor(engine: Pick<Engine, "keyedState">, env?: Env) {
    this.#records = new KeptRecords(engine, "push-endpoints", env);
  }

  list(isExact?: boolean): Promise<readonly EndpointRecord[]> {
    return this.#records.list(isExact);
  }

  put(record: EndpointRecord): Promise<void> {
    return this.#records.put(nameOf(record.namespace, record.id), record);
  }

  delete(namespace: string, id: string): Promise<void> {
    return this.#records.delete(nameOf(namespace, id));
  }
}

/** Gone with the process. */
export class MemoryPushStore implements PushStore {
  readonly #records = new Map<string, EndpointRecord>();

  async list(): Promise<readonly EndpointRecord[]> {
    return [...this.#records.values()];
  }

  async put(record: EndpointRecord): Promise<void> {
    this.#records.set(nameOf(record.namespace, record.id), record);
  }

  async delete(namespace: string, id: string): Promise<void> {
    this.#records.delete(nameOf(namespace, id));
  }
}

/** Ids have no slash. */
export function nameOf(namespace: string, id: string): string {
  return `${namespace}/${id}`;
}
