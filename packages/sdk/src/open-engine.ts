/** A store by its name, and the engine over it: alone, or one of several nodes. */
import { createCalendar, Engine, type Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { NodeSettings, OpenedNode } from "@perdure/nodes";
import { MemoryStore, type Store } from "@perdure/store";
import type { OpenOptions } from "./open-options.ts";
import { SDK } from "./version.ts";

export interface OpenedEngine {
  readonly engine: Engine;
  readonly closeEngine: () => Promise<void>;
}

export async function openEngine(
  { store: named, node: settings }: Pick<OpenOptions, "store" | "node">,
  env: Env,
): Promise<OpenedEngine> {
  const node = settings && (await nodeOf(settings, named, env));
  let store: Store | undefined;
  try {
    store = await storeOf(named);
    const alone = isShared(named) ? { node: { version: SDK } } : {};
    const options = node === undefined ? alone : { node: node.options };
    const engine = await Engine.open({ store, env, calendar: createCalendar(), ...options });
    const closeEngine = async (): Promise<void> => {
      await engine.close();
      await node?.close();
    };
    return { engine, closeEngine };
  } catch (error) {
    await store?.close();
    await node?.close();
    throw error;
  }
}

async function nodeOf(
  settings: NodeSettings,
  store: string | Store,
  env: Env,
): Promise<OpenedNode> {
  if (typeof store === "string" && !isShared(store)) {
    const text = `"${store}" is one process's own: nodes share a store such as postgres://host/name`;
    throw new PerdureError("invalid-argument", text);
  }
  const { openNode } = await import("@perdure/nodes");
  return openNode(settings, SDK, env);
}

function isShared(store: string | Store): boolean {
  return typeof store === "string" && /^postgres(ql)?:/.test(store);
}

async function storeOf(store: string | Store): Promise<Store> {
  if (typeof store !== "string") return store;
  if (isShared(store)) {
    const { openPostgres } = await import("@perdure/store-postgres");
    return openPostgres(store);
  }
  if (store === "memory:") return new MemoryStore();
  if (store.startsWith("sqlite:") && store.length > "sqlite:".length) {
    const { SqliteStore } = await import("@perdure/store-sqlite");
    return SqliteStore.open(store.slice("sqlite:".length));
  }
  if (/^https?:/.test(store)) {
    const text = `"${store}" is a server, not a store; use connect("${store}") instead of open()`;
    throw new PerdureError("invalid-argument", text);
  }
  const advice =
    'write "postgres://host/name", "sqlite:./perdure.db" or "memory:", or give a store of your own';
  throw new PerdureError("invalid-argument", `"${store}" names no store; ${advice}`);
}
