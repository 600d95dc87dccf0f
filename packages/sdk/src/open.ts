/** Perdure in this process: a store, an engine over it, a worker, and the client. */
import { createCalendar, Engine, systemEnv, type EngineClient, type Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { MemoryStore, type Store } from "@perdure/store";
import { EnginePerdure } from "./client/engine-client.ts";
import type { Perdure } from "./client/perdure.ts";
import type { LogSink } from "./ctx/log.ts";
import { openGuard, type GuardMode } from "./guard/guard.ts";
import type { OpenOptions } from "./open-options.ts";
import { publishDefinitions } from "./worker/publish-definitions.ts";
import { Registry } from "./worker/registry.ts";
import { InProcessWorker, type WorkerParts } from "./worker/worker.ts";

const TASK_SLOTS = 100;
const RUN_SLOTS = 10_000;

/**
 * Opens Perdure in this process and goes on with every run that is open.
 *
 * ```ts
 * await using perdure = await open({ store: "sqlite:./perdure.db", workflows: [returns] });
 * const run = await perdure.start(returns, { id: "return-7", input });
 * ```
 */
export async function open(options: OpenOptions): Promise<Perdure> {
  return (await openParts(options)).perdure;
}

export interface Changes {
  /** Puts another function in place of a step's own. */
  readonly stepFor?: WorkerParts["stepFor"];
  /** What the client talks to instead of the engine itself. */
  readonly client?: (engine: EngineClient) => EngineClient;
}

export interface OpenedParts {
  readonly perdure: Perdure;
  readonly engine: Engine;
  readonly worker: InProcessWorker;
}

/** `open`, with parts that tests replace, and those they look at. */
export async function openParts(options: OpenOptions, changes: Changes = {}): Promise<OpenedParts> {
  const { namespace = "default", log, worker: settings = {} } = options;
  const registry = new Registry(options);
  const env = options.env ?? systemEnv(log ? { log } : {});
  const calendar = createCalendar();
  const engine = await Engine.open({ store: await storeOf(options.store), env, calendar });
  const sink: LogSink = log ?? ((...line) => env.log(...line));
  const guard = openGuard(options.guard ?? guardByDefault(), sink);
  const worker = new InProcessWorker({
    id: workerId(env),
    registry,
    env,
    log: sink,
    guard,
    tracer: options.tracer,
    ...(changes.stepFor ? { stepFor: changes.stepFor } : {}),
  });
  worker.connect(
    engine.register(worker, {
      queues: registry.queues(),
      taskSlots: settings.taskSlots ?? TASK_SLOTS,
      runSlots: settings.runSlots ?? RUN_SLOTS,
      // The worker lives and dies with the engine.
      leaseMs: 0,
    }),
  );
  const close = once(async () => {
    try {
      await engine.close();
    } finally {
      worker.stop();
      guard.close();
    }
  });
  try {
    await publishDefinitions(engine, namespace, registry.workflows);
  } catch (error) {
    await close();
    throw error;
  }
  const client = changes.client?.(engine) ?? engine;
  const perdure = new EnginePerdure({ engine: client, namespace, now: () => env.now(), close });
  return { perdure, engine, worker };
}

async function storeOf(store: string | Store): Promise<Store> {
  if (typeof store !== "string") return store;
  if (store === "memory:") return new MemoryStore();
  if (store.startsWith("sqlite:") && store.length > "sqlite:".length) {
    const { SqliteStore } = await import("@perdure/store-sqlite");
    return SqliteStore.open(store.slice("sqlite:".length));
  }
  const advice = 'write "sqlite:./perdure.db" or "memory:", or give a store of your own';
  throw new PerdureError("invalid-argument", `"${store}" names no store; ${advice}`);
}

function guardByDefault(): GuardMode {
  return process.env["NODE_ENV"] !== "production";
}

function workerId(env: Env): string {
  const random = Math.floor(env.random() * 2 ** 32).toString(36);
  return `in-process-${process.pid}-${random}`;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
