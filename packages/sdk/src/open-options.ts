/** What `open` takes. */
import type { Env } from "@perdure/engine";
import type { NodeSettings } from "@perdure/nodes";
import type { Store } from "@perdure/store";
import type { LogSink } from "./ctx/log.ts";
import type { ObjectDefinition } from "./define/object.ts";
import type { AnyTask } from "./define/task.ts";
import type { AnyWorkflow } from "./define/workflow.ts";
import type { GuardMode } from "./guard/off-guard.ts";
import type { Tracer } from "./runtime/tracer.ts";

/** How this worker takes the tasks of one queue. */
export interface QueueSettings {
  /** Tasks of this queue at a time on this worker; default: as many as there are slots. */
  readonly concurrency?: number;
  /**
   * Attempts that may start in a second, over all workers of the queue; the strictest wins.
   * `burst`: so many at once after a pause; default: a second's.
   */
  readonly rate?: number | { readonly perSecond: number; readonly burst?: number };
  /** Queues with a higher number come first; default: 0. */
  readonly priority?: number;
}

export interface WorkerSettings {
  /** By the queue's name; other queues that the code names are served too, without bounds. */
  readonly queues?: Readonly<Record<string, QueueSettings>>;
  /** Tasks at a time; default: 100. */
  readonly taskSlots?: number;
  /** Runs whose coroutines are kept in memory; default: 10,000. */
  readonly runSlots?: number;
  /** The build of this worker's code, shown by `perdure workers`; needed to pin. */
  readonly version?: string;
  /**
   * `pin`: a run stays with the version that began it. `move`, the default: any version goes on
   * with it, and the code says with `ctx.patched` where it has changed. `pinned`: only runs that are
   * pinned to this version already, for a build that is on its way out.
   */
  readonly versioning?: "move" | "pin" | "pinned";
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
  /** `postgres://user:password@host/name`, `sqlite:./perdure.db`, `memory:`, or a store of your own. */
  readonly store: string | Store;
  /**
   * Makes this process one of several on the same store: they share its partitions, and call each
   * other. Without it a process has a database for itself, and does not start where another is at work.
   */
  readonly node?: NodeSettings;
  /** A tenant's wall; default: `default`. */
  readonly namespace?: string;
}
