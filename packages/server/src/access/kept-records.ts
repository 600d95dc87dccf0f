/**
 * Records of the server's own, kept in the engine's store as the state under one key of the system's
 * namespace: durable, fenced and moved like everything else, and out of every tenant's reach, for no
 * tenant's name begins with `$`.
 */
import type { Engine, Env } from "@perdure/engine";
import { PerdureError, type KeyRef, type Payload } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { serverLimits } from "../limits.ts";
import { Recent } from "./recent.ts";

const encoder = new TextEncoder();

type Entries = ReadonlyMap<string, Payload>;

export class KeptRecords<R extends object> {
  readonly #state: Engine["keyedState"];
  readonly #key: KeyRef;
  readonly #entries: () => Promise<Entries>;
  readonly #recent: Recent<Entries> | undefined;
  /** An entry that has not been written again need not be read again. */
  readonly #read = new WeakMap<Payload, R>();

  /**
   * `kind` names what is kept, as in `api-keys`. `env`: of one server among several, to whom what is
   * kept may be at another node; it remembers what it has read for a moment (`Recent`).
   */
  constructor(engine: Pick<Engine, "keyedState">, kind: string, env?: Env) {
    this.#state = engine.keyedState;
    this.#key = { namespace: "$perdure", kind: "server", id: kind };
    const read = (): Promise<Entries> => this.#state.entries(this.#key);
    const { keptFreshMs: freshMs, keptStaleMs: staleMs } = serverLimits;
    this.#recent = env && new Recent({ env, read, freshMs, staleMs });
    this.#entries = () => this.#recent?.get() ?? read();
  }

  async get(name: string): Promise<R | undefined> {
    const known = (await this.#entries()).get(name);
    const entry = known ?? (await this.#recent?.newer())?.get(name);
    return entry === undefined ? undefined : this.#record(entry);
  }

  /** `isExact`: also what another server has written just now. */
  async list(isExact = false): Promise<readonly R[]> {
    const newer = isExact ? await this.#recent?.newer() : undefined;
    const entries = newer ?? (await this.#entries());
    return [...entries.values()].map((entry) => this.#record(entry));
  }

  /** Resolves when it is on disk. */
  async put(name: string, record: R): Promise<void> {
    const data = encoder.encode(JSON.stringify(record));
    try {
      await this.#state.write(this.#key, name, { encoding: "json", data });
    } finally {
      this.#recent?.forget();
    }
  }

  async delete(name: string): Promise<void> {
    try {
      await this.#state.clear(this.#key, name);
    } finally {
      this.#recent?.forget();
    }
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
