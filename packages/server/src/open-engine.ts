/** A store by its name, and the engine over it: alone, or one of several nodes. */
import { createCalendar, Engine, type Env, type NodeOptions } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { openNode, type OpenedNode } from "@perdure/nodes";
import { MemoryStore, type Store } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import { isShared, type Config } from "./config/config.ts";
import { version } from "./version.ts";

export interface OpenedEngine {
  readonly engine: Engine;
  readonly store: Store;
  /** The node's certificates, where it has some, are read again. */
  readonly reloadTls: () => void;
  /** Gives its partitions to the other nodes, if there are any, and closes the store. */
  readonly close: () => Promise<void>;
}

/** `given`: a store that is open already, in place of the one that `store` names. */
export async function openEngine(config: Config, env: Env, given?: Store): Promise<OpenedEngine> {
  const node = await nodeOf(config, env);
  let store: Store | undefined;
  try {
    store = given ?? (await openStore(config.store));
    const options = node?.options ?? aloneOn(config);
    const engine = await Engine.open({
      store,
      env,
      calendar: createCalendar(),
      tuning: config.engine,
      ...(options === undefined ? {} : { node: options }),
    });
    return {
      engine,
      store,
      reloadTls: () => node?.reloadTls(),
      close: async () => {
        await engine.close();
        await node?.close();
      },
    };
  } catch (error) {
    await store?.close();
    await node?.close();
    throw error;
  }
}

async function nodeOf({ node }: Config, env: Env): Promise<OpenedNode | undefined> {
  const { listen, tls, ...rest } = node;
  if (listen === undefined) return undefined;
  const { certFile, keyFile, caFile } = tls;
  const certificates =
    certFile === undefined || keyFile === undefined || caFile === undefined
      ? {}
      : { tls: { certFile, keyFile, caFile } };
  return openNode({ listen, ...rest, ...certificates }, version, env);
}

/** Where another process could take the store's partitions, they are held under leases. */
function aloneOn({ store, node: { leaseMs, beatMs } }: Config): NodeOptions | undefined {
  return isShared(store) ? { version, leaseMs, beatMs } : undefined;
}

async function openStore(name: string): Promise<Store> {
  if (name === "memory:") return new MemoryStore();
  const file = name.startsWith("sqlite:") ? name.slice("sqlite:".length) : "";
  if (file !== "") return SqliteStore.open(file);
  if (isShared(name)) {
    const { openPostgres } = await import("@perdure/store-postgres");
    return openPostgres(name);
  }
  const advice = 'write "postgres://host/name", "sqlite:./perdure.db" or "memory:"';
  throw new PerdureError("invalid-argument", `"${name}" names no store; ${advice}.`);
}
