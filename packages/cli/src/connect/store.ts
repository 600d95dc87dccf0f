/** A store's file, opened in this process by an engine without workers. */
import { existsSync } from "node:fs";
import { createCalendar, Engine, systemEnv, within, type Env } from "@perdure/engine";
import { PerdureError, type JsonObject } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import { SqliteStore } from "@perdure/store-sqlite";
import type { Connection } from "../context.ts";
import type { Output } from "../terminal/output.ts";
import { yellow } from "../terminal/text.ts";

const SCHEME = "sqlite:";

/** Nothing is created: a path that is wrong would become an empty store without runs. */
export async function openStore(
  name: string,
  who: { readonly namespace: string; readonly by: string },
  log: Output,
): Promise<Connection> {
  const path = name.startsWith(SCHEME) ? name.slice(SCHEME.length) : "";
  if (/^postgres(ql)?:/.test(name)) {
    // Not quoted: it may hold a password.
    const text = `A database is asked through its servers: name one with --server http://….`;
    throw new PerdureError("invalid-argument", text);
  }
  if (path === "") {
    const text = `"${name}" names no store that can be opened here: write --store sqlite:./perdure.db.`;
    throw new PerdureError("invalid-argument", text);
  }
  if (!existsSync(path)) {
    const text = `There is no store at ${path}: check --store, or make one with perdure dev --store ${name}.`;
    throw new PerdureError("not-found", text);
  }
  const store = await openFile(path);
  const env = systemEnv({
    log: (level, message) => {
      if (level === "warn" || level === "error") log.line([yellow(`${level}: `), message]);
    },
  });
  const engine = await engineOn(store, env);
  const facts = async (): Promise<JsonObject> => ({
    store: { ...(await store.facts()) },
    engine: JSON.parse(JSON.stringify(engine.stats())) as JsonObject,
  });
  return { client: within(engine, who), facts, close: () => engine.close() };
}

/** A store that no engine takes, as one that has moved, is closed. */
async function engineOn(store: Store, env: Env): Promise<Engine> {
  try {
    return await Engine.open({ store, env, calendar: createCalendar() });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openFile(path: string): Promise<SqliteStore> {
  try {
    return await SqliteStore.open(path);
  } catch (cause) {
    if (!(cause instanceof PerdureError) || cause.code !== "store-busy") throw cause;
    const [holder = ""] = cause.message.split(". ");
    const text = `${holder}. Ask that process instead (--server http://…), or stop it.`;
    throw new PerdureError("store-busy", text, { cause });
  }
}
