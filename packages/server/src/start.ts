/** A server: a store, the engine over it, and its doors. */
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { MemoryStore, type Store } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import { serve, type Doors, type ServeOptions } from "./serve.ts";

export interface ServerOptions extends ServeOptions {
  /** `sqlite:./perdure.db` or `memory:`. */
  readonly store: string;
}

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
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const env = options.env ?? systemEnv();
  const store = await openStore(options.store);
  const engine = await Engine.open({ store, env, calendar: createCalendar() });
  try {
    const doors = await serve(engine, { ...options, env });
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
