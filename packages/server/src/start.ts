/** A server: a store, the engine over it, and its doors. */
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { PerdureError, type Json } from "@perdure/kernel";
import { MemoryStore, type Store } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import { checkConfig } from "./config/load.ts";
import { serve, type Doors, type ServeOptions } from "./serve.ts";

export type ServerOptions = ServeOptions;

export interface RunningServer extends Doors {
  readonly engine: Engine;
  /** Ends requests and streams, drains workers, closes the engine and the store. */
  close(): Promise<void>;
}

/**
 * ```ts
 * const server = await startServer({ store: "sqlite:./perdure.db", port: 7373 });
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const {
    env = systemEnv(),
    access: _,
    streams: __,
    pushHost: ___,
    pushStore: ____,
    ...rest
  } = options;
  const { sources: _____, storeFacts: ______, ...input } = rest;
  // Before a file is made: a wrong configuration leaves nothing behind.
  const config = checkConfig(input);
  const store = await openStore(config.store);
  const calendar = createCalendar();
  const engine = await Engine.open({ store, env, calendar, tuning: config.engine });
  try {
    const storeFacts = async (): Promise<Json> => ({ ...(await store.facts()) });
    const doors = await serve(engine, { storeFacts, ...options, env });
    const close = async (): Promise<void> => {
      await doors.close();
      await engine.close();
    };
    return { ...doors, engine, close };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function openStore(name: string): Promise<Store> {
  if (name === "memory:") return new MemoryStore();
  const file = name.startsWith("sqlite:") ? name.slice("sqlite:".length) : "";
  if (file !== "") return SqliteStore.open(file);
  const advice = 'write "sqlite:./perdure.db" or "memory:"';
  throw new PerdureError("invalid-argument", `"${name}" names no store; ${advice}.`);
}
