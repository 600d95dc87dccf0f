/** A server: a store, the engine over it, and its doors. */
import { systemEnv, type Engine } from "@perdure/engine";
import type { Json } from "@perdure/kernel";
import type { Store } from "@perdure/store";
import { checkConfig } from "./config/load.ts";
import { openEngine } from "./open-engine.ts";
import { serve, type Doors, type ServeOptions } from "./serve.ts";

export interface ServerOptions extends ServeOptions {
  /** One that is open already, in place of the one that `store` names. The server closes it. */
  readonly openedStore?: Store;
}

export interface RunningServer extends Doors {
  readonly engine: Engine;
  /**
   * Ends requests and streams, drains workers, gives partitions to the other nodes if there are any,
   * closes the engine and the store.
   */
  close(): Promise<void>;
}

/**
 * ```ts
 * const server = await startServer({ store: "sqlite:./perdure.db", port: 7373 });
 * ```
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const { openedStore, ...doorOptions } = options;
  const {
    env = systemEnv(),
    access: _,
    streams: __,
    pushHost: ___,
    pushStore: ____,
    ...rest
  } = doorOptions;
  const { sources: _____, storeFacts: ______, ...input } = rest;
  // Before a file is made: a wrong configuration leaves nothing behind.
  const config = checkConfig(input);
  const { engine, store, ...opened } = await openEngine(config, env, openedStore);
  try {
    const storeFacts = async (): Promise<Json> => ({ ...(await store.facts()) });
    const doors = await serve(engine, { storeFacts, ...doorOptions, env });
    const close = async (): Promise<void> => {
      await doors.close();
      await opened.close();
    };
    const reloadTls = (): void => {
      doors.reloadTls();
      opened.reloadTls();
    };
    return { ...doors, engine, reloadTls, close };
  } catch (error) {
    await opened.close();
    throw error;
  }
}
