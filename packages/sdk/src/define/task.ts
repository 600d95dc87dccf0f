/** Remote steps: code that any worker of a task queue may run. */
import type { Duration } from "../duration.ts";
import type { Log } from "../ctx/log.ts";
import type { Schema } from "../schema.ts";
import type { Stored } from "../stored.ts";
import { checkName } from "./names.ts";
import type { RetryOptions } from "./workflow.ts";

/** The four limits of a remote step, each from the moment in its name. */
export interface TaskTimeouts {
  /** How long it may wait for a worker. */
  readonly scheduleToStart?: Duration;
  /** How long one attempt may take. */
  readonly startToClose?: Duration;
  /** How long it may take over all attempts. */
  readonly scheduleToClose?: Duration;
  /** How long the engine may hear no heartbeat of an attempt. */
  readonly heartbeat?: Duration;
}

export interface TaskSettings extends TaskTimeouts {
  /** Default: `default`. */
  readonly queue?: string;
  readonly retry?: RetryOptions;
}

export interface TaskOptions<In, Parsed, Returned, Out> extends TaskSettings {
  readonly name: string;
  readonly input?: Schema<In, Parsed>;
  readonly output?: Schema<Returned, Out>;
}

/** What an attempt of a task knows and can do. */
export interface TaskContext {
  /** The same at every attempt of this step, and of no other one: hand it to whoever is called. */
  readonly idempotencyKey: string;
  /** From 1. */
  readonly attempt: number;
  /** An earlier attempt may have acted without anybody knowing. */
  readonly maybeRan: boolean;
  /** Details of the last heartbeat of an earlier attempt, to go on from there. */
  readonly lastHeartbeat: unknown;
  /** Aborted when the step is cancelled, timed out or the worker shuts down. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Says that the attempt is alive, and how far it is. */
  readonly heartbeat: (details?: unknown) => void;
}

export interface TaskCode {
  readonly name: string;
  readonly settings: TaskSettings;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  run(input: unknown, context: TaskContext): unknown;
}

/** A task's definition: `In` is what `ctx.run` hands in, `Out` what it gets. */
export interface Task<In = never, Out = unknown> {
  readonly type: "task";
  readonly name: string;
  readonly code: TaskCode;
  /** Types only; never set. */
  readonly types?: { readonly input: (input: In) => void; readonly output: Out };
}

export type AnyTask = Task;

/**
 * Defines a task. It runs outside of any workflow's code, so it may do what it likes.
 *
 * ```ts
 * export const transcode = task(
 *   { name: "transcode", queue: "gpu", startToClose: "1h", heartbeat: "30s" },
 *   async (file: string, { heartbeat, signal }) => {
 *     for await (const frame of frames(file, signal)) heartbeat(frame.number);
 *   },
 * );
 * ```
 */
export function task<Parsed = void, Returned = void, In = Parsed, Out = Returned>(
  options: TaskOptions<In, Parsed, Returned, Out>,
  run: (input: Parsed, context: TaskContext) => Promise<Returned> | Returned,
): Task<In, Stored<Out>> {
  const { name, input, output, ...settings } = options;
  checkName("task", name);
  return {
    type: "task",
    name,
    code: { name, settings, input, output, run },
  };
}
