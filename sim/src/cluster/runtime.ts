/** The SDK's own worker, in a simulated process. */
import type { Env, ServedQueue, Worker, WorkerHost, WorkerOptions } from "@perdure/engine";
import { InProcessWorker, Registry } from "perdure/worker";
import { namespace } from "../programs/place.ts";
import type { Definitions } from "../programs/surroundings.ts";

export type Terms = Pick<WorkerOptions, "version" | "versioning"> &
  Pick<ServedQueue, "concurrency" | "rate">;

export interface RuntimeOptions {
  readonly id: string;
  readonly env: Env;
  readonly host: WorkerHost;
  readonly definitions: Definitions;
  readonly taskSlots: number;
  readonly runSlots: number;
  readonly leaseMs: number;
  /** Of its queues, and its version. */
  readonly terms?: Terms;
  /** Puts a planted bug around the worker. */
  readonly bend: (worker: Worker) => Worker;
}

/** The result stops it at once. */
export function startWorker(options: RuntimeOptions): () => void {
  const { id, env, host, definitions, bend, taskSlots, runSlots, leaseMs } = options;
  const { version, versioning, ...bounds } = options.terms ?? {};
  const { main, tick, work, counter } = definitions;
  const registry = new Registry({ workflows: [main, tick], tasks: [work], objects: [counter] });
  const worker = new InProcessWorker({ id, registry, env, log: env.log.bind(env) });
  const session = host.register(bend(worker), {
    namespace,
    queues: registry.queues().map((queue) => ({ ...queue, ...bounds })),
    ...(version === undefined ? {} : { version }),
    ...(versioning === undefined ? {} : { versioning }),
    taskSlots,
    runSlots,
    leaseMs,
  });
  worker.connect(session);
  let isOver = false;
  const live = (): void => {
    if (isOver) return;
    session.alive();
    env.after(leaseMs / 3, live);
  };
  live();
  return () => {
    isOver = true;
    worker.stop();
  };
}
