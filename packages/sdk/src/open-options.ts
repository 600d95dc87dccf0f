/** What `open` takes. */
import type { Env } from "@perdure/engine";
import type { Store } from "@perdure/store";
import type { LogSink } from "./ctx/log.ts";
import type { ObjectDefinition } from "./define/object.ts";
import type { AnyTask } from "./define/task.ts";
import type { AnyWorkflow } from "./define/workflow.ts";
import type { GuardMode } from "./guard/off-guard.ts";
import type { Tracer } from "./runtime/tracer.ts";

export interface WorkerSettings {
  /** Tasks at a time; default: 100. */
  readonly taskSlots?: number;
  /** Runs whose coroutines are kept in memory; default: 10,000. */
  readonly runSlots?: number;
}

/** A process's code, and how it is run. */
export interface CodeOptions {
  /** What this process has code for. A process may also have none, and only start runs. */
  readonly workflows?: readonly AnyWorkflow[];
  readonly tasks?: readonly AnyTask[];
  readonly objects?: readonly ObjectDefinition[];
  readonly worker?: WorkerSettings;
  /**
   * Watches workflow code for what would not replay: clocks, chance, timers, `fetch`. `true` pauses
   * the run, `"warn"` only says so. Default: on, unless `NODE_ENV` is `production`.
   */
  readonly guard?: GuardMode;
  /** Default: warnings and errors to the console. */
  readonly log?: LogSink;
  readonly tracer?: Tracer;
  /** The world; default: this machine's clock, timers and chance. */
  readonly env?: Env;
}

export interface OpenOptions extends CodeOptions {
  /** `sqlite:./perdure.db`, `memory:`, or a store of your own. */
  readonly store: string | Store;
  /** A tenant's wall; default: `default`. */
  readonly namespace?: string;
}
