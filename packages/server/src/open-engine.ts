/** A store by its name, and the engine over it: alone, or one of several nodes. */
import { createCalendar, Engine, type EngineOptions, type Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { SocketNetwork, type NodeAccess } from "@perdure/nodes";
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
  const { node, engine: tuning } = config;
  const network = await networkOf(config, env);
  let store: Store | undefined;
  try {
    store = given ?? (await openStore(config.store));
    const isNode = network !== undefined || isShared(config.store);
    const { leaseMs, beatMs } = node;
    const reached = network && { network, address: network.address };
    const options: EngineOptions = { store, env, calendar: createCalendar(), tuning };
    const engine = await Engine.open({
      ...options,
      ...(isNode ? { node: { version, leaseMs, beatMs, ...reached } } : {}),
    });
    return {
      engine,
      store,
      reloadTls: () => network?.reloadTls(),
      close: async () => {
        await engine.close();
        await network?.close();
      },
    };
  } catch (error) {
    await store?.close();
    await network?.close();
    throw error;
  }
}

async function networkOf({ node }: Config, env: Env): Promise<SocketNetwork | undefined> {
  const { listen, advertise } = node;
  if (listen === undefined) return undefined;
  const access = accessOf(node);
  return SocketNetwork.open({ listen, access, env, ...(advertise ? { advertise } : {}) });
}

function accessOf({ secret, tls }: Config["node"]): NodeAccess {
  const { certFile = "", keyFile = "", caFile = "" } = tls;
  return secret === undefined ? { tls: { certFile, keyFile, caFile } } : { secret };
}

async function openStore(name: string): Promise<Store> {
  if (name === "memory:") return new MemoryStore();
  const file = name.startsWith("sqlite:") ? name.slice("sqlite:".length) : "";
  if (file !== "") return SqliteStore.open(file);
  const advice = 'write "sqlite:./perdure.db" or "memory:"';
  throw new PerdureError("invalid-argument", `"${name}" names no store; ${advice}.`);
}
