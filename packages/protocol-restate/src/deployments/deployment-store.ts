/**
 * Where deployments are kept: as the state under keys of the system's namespace, one key for each
 * namespace and one that lists those, durable and fenced like everything else and out of every
 * tenant's reach, for no tenant's name begins with `$`.
 */
import type { KeyedStateVerbs } from "@perdure/engine";
import { PerdureError, type KeyRef, type Payload } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { restateLimits } from "../limits.ts";
import type { DeploymentRecord } from "./catalog.ts";

const SYSTEM = "$perdure";
const KIND = "restate";
const encoder = new TextEncoder();
const nothing = new Uint8Array();

export class DeploymentStore {
  readonly #state: KeyedStateVerbs;
  /**
   * By its bytes: what has not been written again need not be read again, and is the same record, also
   * where another node has it and every look brings a copy.
   */
  readonly #read = new Map<
    string,
    { readonly data: Uint8Array; readonly record: DeploymentRecord }
  >();
  readonly #listed = new Set<string>();

  constructor(state: KeyedStateVerbs) {
    this.#state = state;
  }

  /** That have, or have had, a deployment. */
  async namespaces(): Promise<readonly string[]> {
    return [...(await this.#state.entries(keyOf("$namespaces"))).keys()];
  }

  async list(namespace: string): Promise<readonly DeploymentRecord[]> {
    const entries = await this.#state.entries(keyOf(namespace));
    return [...entries].map(([id, entry]) => this.#record(id, entry));
  }

  /** Resolves when it is on disk. */
  async put(record: DeploymentRecord): Promise<void> {
    const { namespace, id } = record.deployment;
    const data = encoder.encode(JSON.stringify(record));
    if (data.length > restateLimits.deploymentBytes) throw tooLarge(data.length);
    if (!this.#listed.has(namespace)) {
      // First, so that no deployment is without its namespace in the list.
      await this.#state.write(keyOf("$namespaces"), namespace, { encoding: "json", data: nothing });
      this.#listed.add(namespace);
    }
    await this.#state.write(keyOf(namespace), id, { encoding: "json", data });
  }

  async delete(namespace: string, id: string): Promise<void> {
    await this.#state.clear(keyOf(namespace), id);
    this.#read.delete(id);
  }

  #record(id: string, entry: Payload): DeploymentRecord {
    const known = this.#read.get(id);
    if (known !== undefined && Buffer.from(entry.data).equals(known.data)) return known.record;
    const what = "a deployment in the store";
    const record = parseJson(entry.data, what, { bytes: restateLimits.deploymentBytes });
    if (typeof record !== "object" || record === null || !("deployment" in record)) {
      const text = "An entry of deployments in the store is none: restore it from a backup.";
      throw new PerdureError("store-corrupt", text);
    }
    const found = record as unknown as DeploymentRecord;
    this.#read.set(id, { data: entry.data, record: found });
    return found;
  }
}

function keyOf(id: string): KeyRef {
  return { namespace: SYSTEM, kind: KIND, id };
}

function tooLarge(bytes: number): PerdureError {
  const limit = restateLimits.deploymentBytes;
  const text = `The manifest takes ${bytes} bytes, the limit is ${limit}: split the endpoint in two.`;
  return new PerdureError("limit-exceeded", text);
}
