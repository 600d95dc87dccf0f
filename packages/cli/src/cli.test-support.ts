/** The command line in this process: over a real engine in memory, with a real worker. */
import { createCalendar, Engine, systemEnv } from "@perdure/engine";
import { MemoryStore } from "@perdure/store";
import { Registry, InProcessWorker, type Definitions } from "perdure/worker";
import type { World } from "./context.ts";
import { run } from "./run.ts";

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Rig {
  readonly engine: Engine;
  /** Runs a command line; `changes` to the process around it. */
  perdure(words: string | readonly string[], changes?: Partial<World>): Promise<Answer>;
  /** Its answer as JSON. */
  json<T>(words: string | readonly string[]): Promise<T>;
  stop(): Promise<void>;
}

export async function rigWith(definitions: Definitions): Promise<Rig> {
  const env = systemEnv({ log: () => undefined });
  const engine = await Engine.open({ store: new MemoryStore(), env, calendar: createCalendar() });
  const registry = new Registry(definitions);
  const worker = new InProcessWorker({ id: "w-1", registry, env, log: () => undefined });
  worker.connect(
    engine.register(worker, {
      namespace: "default",
      queues: registry.queues(),
      taskSlots: 10,
      runSlots: 100,
      leaseMs: 0,
    }),
  );
  const connect = () => Promise.resolve({ client: engine, close: () => Promise.resolve() });
  const perdure: Rig["perdure"] = (words, changes) => perdureIn({ connect, ...changes }, words);
  return {
    engine,
    perdure,
    async json<T>(words: string | readonly string[]): Promise<T> {
      const list = typeof words === "string" ? words.split(" ") : words;
      const { out } = await perdure([...list, "--json"]);
      return JSON.parse(out) as T;
    },
    async stop() {
      await engine.close();
      worker.stop();
    },
  };
}

export async function perdureIn(
  changes: Partial<World>,
  words: string | readonly string[],
): Promise<Answer> {
  let out = "";
  let err = "";
  const code = await run(typeof words === "string" ? words.split(" ") : words, {
    out: (chunk) => void (out += chunk),
    err: (chunk) => void (err += chunk),
    env: {},
    now: () => Date.now(),
    width: 80,
    outIsTerminal: false,
    errIsTerminal: false,
    inIsTerminal: false,
    interrupted: new AbortController().signal,
    ask: () => Promise.resolve(""),
    readStdin: () => Promise.resolve(""),
    ...changes,
  });
  return { code, out, err };
}

/** Until `look` finds it; the test's own time limit ends the wait. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
