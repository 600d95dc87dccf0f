/**
 * Records of the server's own, kept in the engine's store as the state under one key of the system's
 * namespace: durable, fenced and moved like everything else, and out of every tenant's reach, for no
 * tenant's name begins with `$`.
 */
import type { Engine } from "@perdure/engine";
import { PerdureError, type KeyRef, type Payload } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";

const encoder = new TextEncoder();

export class KeptRecords<R extends object> {
  readonly #state: Engine["keyedState"];
  readonly #key: KeyRef;
  /** An entry that has not been written again need not be read again. */
  readonly #read = new WeakMap<Payload, R>();

  /** `kind` names what is kept, as in `api-keys`. */
  constructor(engine: Pick<Engine, "keyedState">, kind: string) {
    this.#state = engine.keyedState;
    this.#key = { namespace: "$perdure", kind: "server", id: kind };
  }

  async get(name: string): Promise<R | undefined> {
    const entry = (await this.#state.entries(this.#key)).get(name);
    return entry === undefined ? undefined : this.#record(entry);
  }

  async list(): Promise<readonly R[]> {
    const entries = await this.#state.entries(this.#key);
    return [...entries.values()].map((entry) => this.#record(entry));
  }

  /** Resolves when it is on disk. */
  async put(name: string, record: R): Promise<void> {
    const data = encoder.encode(JSON.stringify(record));
    await this.#state.write(this.#key, name, { encoding: "json", data });
  }

  async delete(name: string): Promise<void> {
    await this.#state.clear(this.#key, name);
  }

  #record(entry: Payload): R {
    const known = this.#read.get(entry);
    if (known !== undefined) return known;
    const record = parseJson(entry.data, `an entry of ${this.#key.id}`);
    if (typeof record !== "object" || record === null) {
      const text = `An entry of ${this.#key.id} in the store is no record: restore it from a backup.`;
      throw new PerdureError("store-corrupt", text);
    }
    this.#read.set(entry, record as R);
    return record as R;
  }
}
