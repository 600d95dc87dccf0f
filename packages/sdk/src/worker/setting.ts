/** What the workers of a process share, wherever its engine is. */
import { systemEnv, type Env, type ServedQueue, type WorkerOptions } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { LogSink } from "../ctx/log.ts";
import { openGuard } from "../guard/guard.ts";
import type { Guard } from "../guard/off-guard.ts";
import type { CodeOptions, WorkerSettings } from "../open-options.ts";
import type { Tracer } from "../runtime/tracer.ts";
import { Registry } from "./registry.ts";

const TASK_SLOTS = 100;
const RUN_SLOTS = 10_000;

export interface Setting {
  readonly registry: Registry;
  readonly env: Env;
  readonly log: LogSink;
  readonly tracer: Tracer | undefined;
  /** `kind` says how the worker is reached. */
  readonly newWorkerId: (kind: string) => string;
}

export function settingOf(options: CodeOptions): Setting {
  const registry = new Registry(options);
  const env = options.env ?? systemEnv(options.log ? { log: options.log } : {});
  const log: LogSink = options.log ?? ((...line) => env.log(...line));
  const newWorkerId = (kind: string): string => {
    const random = Math.floor(env.random() * 2 ** 32).toString(36);
    return `${kind}-${process.pid}-${random}`;
  };
  return { registry, env, log, tracer: options.tracer, newWorkerId };
}

/** It watches from now on until it is closed, so it is opened when nothing can fail any more. */
export function guardOf({ guard }: CodeOptions, { log }: Setting): Guard {
  return openGuard(guard ?? process.env["NODE_ENV"] !== "production", log);
}

export function workerOptions(
  registry: Registry,
  settings: WorkerSettings = {},
): Omit<WorkerOptions, "namespace" | "leaseMs"> {
  const { taskSlots = TASK_SLOTS, runSlots = RUN_SLOTS, version, versioning } = settings;
  if (versioning !== undefined && versioning !== "move" && version === undefined) {
    const text = `a worker that goes by its version must have one; give it worker.version`;
    throw new PerdureError("invalid-argument", text);
  }
  return {
    queues: queuesOf(registry, settings.queues),
    taskSlots,
    runSlots,
    ...(version === undefined ? {} : { version }),
    ...(versioning === undefined ? {} : { versioning }),
  };
}

function queuesOf(
  registry: Registry,
  settings: WorkerSettings["queues"] = {},
): readonly ServedQueue[] {
  const queues = registry.queues();
  const unknown = Object.keys(settings).find(
    (name) => !queues.some((queue) => queue.name === name),
  );
  if (unknown !== undefined) {
    const known = queues.map(({ name }) => name).join(", ");
    const text =
      `worker.queues names "${unknown}", which no workflow or task here has for its queue; ` +
      `here are ${known}`;
    throw new PerdureError("invalid-argument", text);
  }
  return queues.map((queue) => {
    const { rate, ...rest } = settings[queue.name] ?? {};
    const perSecond = typeof rate === "number" ? { perSecond: rate } : rate;
    return { ...queue, ...rest, ...(perSecond === undefined ? {} : { rate: perSecond }) };
  });
}
