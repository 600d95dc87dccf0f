/** Where endpoints are kept. */
import type { EndpointRecord } from "./endpoint.ts";

export interface PushStore {
  list(): Promise<readonly EndpointRecord[]>;
  put(record: EndpointRecord): Promise<void>;
  delete(namespace: string, id: string): Promise<void>;
}

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
