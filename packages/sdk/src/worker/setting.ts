/** What the workers of a process share, wherever its engine is. */
import { systemEnv, type Env, type WorkerOptions } from "@perdure/engine";
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
  { taskSlots = TASK_SLOTS, runSlots = RUN_SLOTS }: WorkerSettings = {},
): Omit<WorkerOptions, "namespace" | "leaseMs"> {
  return { queues: registry.queues(), taskSlots, runSlots };
}
