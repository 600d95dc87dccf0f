/** Perdure in this process: a store, an engine over it, a worker, and the client. */
import type { Engine, EngineClient } from "@perdure/engine";
import { EnginePerdure } from "./client/engine-client.ts";
import type { Perdure } from "./client/perdure.ts";
import { openEngine } from "./open-engine.ts";
import type { OpenOptions } from "./open-options.ts";
import { publishDefinitions } from "./worker/publish-definitions.ts";
import { guardOf, settingOf, workerOptions } from "./worker/setting.ts";
import { InProcessWorker, type WorkerParts } from "./worker/worker.ts";

/**
 * Opens Perdure in this process and goes on with every run that is open.
 *
 * ```ts
 * await using perdure = await open({ store: "sqlite:./perdure.db", workflows: [returns] });
 * const run = await perdure.start(returns, { id: "return-7", input });
 * ```
 */
export async function open(options: OpenOptions): Promise<EmbeddedPerdure> {
  return (await openParts(options)).perdure;
}

/** Perdure with its engine in this process, which others can be given doors to. */
export interface EmbeddedPerdure extends Perdure {
  /** For `serve(perdure.engine)` of `@perdure/server`, and for transports. */
  readonly engine: Engine;
}

export interface Changes {
  /** Puts another function in place of a step's own. */
  readonly stepFor?: WorkerParts["stepFor"];
  readonly observer?: WorkerParts["observer"];
  /** What the client talks to instead of the engine itself. */
  readonly client?: (engine: EngineClient) => EngineClient;
}

export interface OpenedParts {
  readonly perdure: EmbeddedPerdure;
  readonly engine: Engine;
  readonly worker: InProcessWorker;
  /** The process dies: its code is heard of no more. (Its engine dies with its world.) */
  readonly kill: () => void;
}

/** `open`, with parts that tests replace, and those they look at. */
export async function openParts(options: OpenOptions, changes: Changes = {}): Promise<OpenedParts> {
  const { namespace = "default" } = options;
  const { observer } = changes;
  const stepFor = changes.stepFor ? { stepFor: changes.stepFor } : {};
  const setting = settingOf(options);
  const { env, registry } = setting;
  const served = workerOptions(registry, options.worker);
  const { engine, closeEngine } = await openEngine(options, env);
  const guard = guardOf(options, setting);
  const id = setting.newWorkerId("in-process");
  const worker = new InProcessWorker({ id, ...setting, guard, ...stepFor, observer });
  worker.connect(
    // The worker lives and dies with the engine.
    engine.register(worker, { ...served, namespace, leaseMs: 0 }),
  );
  const kill = () => {
    worker.stop();
    guard.close();
  };
  const close = once(async () => {
    try {
      await closeEngine();
    } finally {
      kill();
    }
  });
  try {
    await publishDefinitions(engine, namespace, registry.workflows);
  } catch (error) {
    await close();
    throw error;
  }
  const client = changes.client?.(engine) ?? engine;
  const trace = () => setting.tracer?.headers?.() ?? {};
  const parts = { engine: client, namespace, now: () => env.now(), trace, close };
  const perdure = Object.assign(new EnginePerdure(parts), { engine });
  return { perdure, engine, worker, kill };
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}
