/**
 * `ctx`: everything a workflow may ask for.
 *
 * Calls that wait return a promise that resolves in the order of the journal, so `Promise.all`,
 * `race`, `any` and `allSettled` over them are safe. They reject with a `CancelledError` once the
 * scope of their `ctx` is cancelled. The others take effect with the next batch and never wait.
 */
import type { JsonObject } from "@perdure/kernel";
import type { Handlers, ObjectDefinition, ObjectProxy } from "../define/object.ts";
import type {
  Answered,
  FreeName,
  Heard,
  Messages,
  NameOf,
  NoMessages,
  Received,
} from "../define/messages.ts";
import type { Task } from "../define/task.ts";
import type { Workflow } from "../define/workflow.ts";
import type { Duration } from "../duration.ts";
import type { Schema, SchemaOutput } from "../schema.ts";
import type { Stored } from "../stored.ts";
import type { Database, TransactionOf } from "../transaction/database.ts";
import type { Log } from "./log.ts";
import type {
  AwaitedCallOptions,
  CallOptions,
  CancellableScope,
  Cancellation,
  DurablePromise,
  EventWaitOptions,
  KeyedState,
  RunInfo,
  RunTarget,
  RunTaskOptions,
  SignalWaitOptions,
  StepContext,
  StepOptions,
  Waited,
  WaitOptions,
} from "./options.ts";

/** Side effects. */
interface Steps {
  /**
   * Runs `fn` here and journals its result. Until it succeeds it is tried again by the retry
   * policy; when no attempt is left it throws a `StepError`. With `schema`, the result is checked
   * before it counts, and a result that does not fit is a failed attempt.
   *
   * ```ts
   * const label = await ctx.step("label", ({ idempotencyKey }) => carrier.create({ idempotencyKey }), {
   *   retry: { maxAttempts: 5 },
   *   undo: (label) => carrier.void(label.id),
   * });
   * ```
   */
  step<S extends Schema>(
    name: string,
    fn: (step: StepContext) => unknown,
    options: StepOptions<Stored<SchemaOutput<S>>> & { readonly schema: S },
  ): Promise<Stored<SchemaOutput<S>>>;
  step<T>(
    name: string,
    fn: (step: StepContext) => T | Promise<T>,
    options?: StepOptions<Stored<Awaited<T>>>,
  ): Promise<Stored<Awaited<T>>>;

  /** Has a worker of the task's queue run it. */
  run<In, Out>(
    task: Task<In, Out>,
    ...input: undefined extends In
      ? [input?: In, options?: RunTaskOptions<Out>]
      : [input: In, options?: RunTaskOptions<Out>]
  ): Promise<Out>;

  /**
   * A step whose outcome is committed in your own database, in the transaction of your writes:
   * they happen exactly once, whatever crashes.
   *
   * ```ts
   * await ctx.transaction("book", pool, async (tx) => {
   *   await tx.query("insert into bookings values ($1)", [id]);
   * });
   * ```
   */
  transaction<D extends Database, T>(
    name: string,
    database: D,
    fn: (tx: TransactionOf<D>, step: StepContext) => T | Promise<T>,
    options?: StepOptions<Stored<Awaited<T>>>,
  ): Promise<Stored<Awaited<T>>>;
}

/** Time and waiting. */
interface Waits<M extends Messages> {
  /** A durable timer: it survives any restart. */
  sleep(duration: Duration, options?: { readonly name?: string }): Promise<void>;
  sleepUntil(moment: Date | number, options?: { readonly name?: string }): Promise<void>;

  /**
   * Waits for a signal, such as a person's answer; one that came earlier counts. Throws a
   * `TimeoutError` when `timeout` passes, or gives `onTimeout` in place of an answer.
   *
   * ```ts
   * const answer = await ctx.waitFor("approval", { schema: Approval, timeout: "3d", onTimeout: null });
   * ```
   */
  waitFor<N extends NameOf<M["signals"]>, O extends WaitOptions = WaitOptions>(
    name: N,
    options?: O,
  ): Promise<Waited<Received<M["signals"][N]>, O>>;
  waitFor<S extends Schema, O extends SignalWaitOptions & { readonly schema: S }>(
    name: string,
    options: O & { readonly schema: S },
  ): Promise<Waited<SchemaOutput<S>, O>>;
  waitFor<T = unknown>(name: string, options?: { readonly timeout?: Duration }): Promise<T>;
  waitFor<O extends WaitOptions>(name: string, options: O): Promise<Waited<unknown, O>>;

  /** Waits for an event published on the bus. */
  waitForEvent<N extends NameOf<M["events"]>, O extends EventWaitOptions = EventWaitOptions>(
    event: N,
    options?: O,
  ): Promise<Waited<Received<M["events"][N]>, O>>;
  waitForEvent<S extends Schema, O extends EventWaitOptions & { readonly schema: S }>(
    event: string,
    options: O & { readonly schema: S },
  ): Promise<Waited<SchemaOutput<S>, O>>;
  waitForEvent<T = unknown>(
    event: string,
    options?: Omit<EventWaitOptions, "onTimeout" | "schema">,
  ): Promise<T>;
  waitForEvent<O extends EventWaitOptions>(event: string, options: O): Promise<Waited<unknown, O>>;

  /** A promise with an id that somebody outside resolves or rejects. */
  promise<T = unknown>(name?: string): DurablePromise<T>;
}

/** Other runs, objects and the bus. */
interface Talk {
  /** Starts a child and waits for its result; a child that does not complete is a `ChildError`. */
  call<In, Out>(
    workflow: Workflow<In, Out>,
    ...input: undefined extends In
      ? [input?: In, options?: AwaitedCallOptions]
      : [input: In, options?: AwaitedCallOptions]
  ): Promise<Out>;
  /** Starts a run and goes on. */
  send<In, Out>(
    workflow: Workflow<In, Out>,
    ...input: undefined extends In
      ? [input?: In, options?: CallOptions]
      : [input: In, options?: CallOptions]
  ): void;
  /** Starts a run after a delay, and goes on. */
  sendLater<In, Out>(
    delay: Duration,
    workflow: Workflow<In, Out>,
    ...input: undefined extends In
      ? [input?: In, options?: CallOptions]
      : [input: In, options?: CallOptions]
  ): void;
  /** A keyed object: `await ctx.object(cart, "user-7").add("book")`. */
  object<H extends Handlers>(definition: ObjectDefinition<H>, key: string): ObjectProxy<H, void>;
  /** Publishes an event on the bus; `data` is the part that matches read, default: the payload. */
  publish(event: string, payload?: unknown, options?: { readonly data?: JsonObject }): void;
  /** Sends a signal to another run. */
  signal(target: RunTarget, name: string, payload?: unknown): void;
  /** Asks another run to stop. */
  cancel(target: RunTarget, reason?: string): void;
}

/** Messages in. */
interface Inbox<M extends Messages> {
  /** Handles every signal of that name, those that came before included, one after the other. */
  onSignal<N extends NameOf<M["signals"]>>(
    name: N,
    handler: (payload: Received<M["signals"][N]>) => unknown,
  ): void;
  onSignal<N extends string>(
    name: FreeName<M["signals"], N>,
    handler: (payload: unknown) => unknown,
  ): void;

  /** Answers questions about the run from its variables. It cannot wait, nor change anything. */
  onQuery<N extends NameOf<M["queries"]>>(
    name: N,
    handler: (input: Heard<M["queries"][N]>) => Answered<M["queries"][N]>,
  ): void;
  onQuery<N extends string>(
    name: FreeName<M["queries"], N>,
    handler: (input: unknown) => unknown,
  ): void;

  /**
   * Answers requests that change the run. `validate` throws to refuse one before it leaves a trace;
   * the handler may use `ctx` like any other code of the workflow.
   */
  onUpdate<N extends NameOf<M["updates"]>>(
    name: N,
    handler: (
      input: Heard<M["updates"][N]>,
    ) => Answered<M["updates"][N]> | Promise<Answered<M["updates"][N]>>,
    options?: { readonly validate?: (input: Heard<M["updates"][N]>) => void },
  ): void;
  onUpdate<N extends string>(
    name: FreeName<M["updates"], N>,
    handler: (input: unknown) => unknown,
    options?: { readonly validate?: (input: unknown) => void },
  ): void;
}

/** Values that a replay finds again. */
interface Recorded {
  /** Ms since epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  uuid(): string;
  /**
   * Which version of a piece of code this run takes: runs that passed here before the change get
   * `min`, new ones `max`, and each stays with what it got.
   */
  version(changeId: string, min: number, max: number): number;
  /** `version(id, 0, 1) === 1`: does this run take the new code? */
  patched(id: string): boolean;
}

/** The run itself. */
interface Life<M extends Messages> {
  readonly info: RunInfo;
  /** The journal is being replayed: this code has run before. */
  readonly replaying: boolean;
  readonly cancellation: Cancellation;
  /** Runs `fn` in a scope that the cancellation of the run does not reach. Use the `ctx` it gets. */
  shielded<T>(fn: (ctx: Context<M>) => Promise<T>): Promise<T>;
  /** Runs `fn` in a scope that can be cancelled by itself. Use the `ctx` it gets. */
  cancellable<T>(fn: (ctx: Context<M>) => Promise<T>): CancellableScope<T>;
  /** Ends this run and starts the same workflow anew under the same id, with a fresh journal. */
  continueAsNew(input?: unknown): Promise<never>;
  /** Silent while the run is replayed. */
  readonly log: Log;
  /** Times `fn` for the tracer given to `open`. */
  span<T>(name: string, fn: () => Promise<T>): Promise<T>;
  /** How far the run is, from 0 to 1, for people. */
  progress(fraction: number, text?: string): void;
  /** Search attributes: what lists can filter by. */
  attributes(attributes: JsonObject): void;
}

/** `Promise`'s own combinators, here so that one finds them. */
interface Combinators {
  all: PromiseConstructor["all"];
  race: PromiseConstructor["race"];
  any: PromiseConstructor["any"];
  allSettled: PromiseConstructor["allSettled"];
}

/** What a workflow's code gets. `M` are the messages its definition declares. */
export interface Context<M extends Messages = NoMessages>
  extends Steps, Waits<M>, Talk, Inbox<M>, Recorded, Life<M>, Combinators {}

/** What an object's handler gets besides. */
export interface ObjectContext extends Context {
  /** The key of the object. */
  readonly key: string;
  /** The object's state. A shared handler may only read it. */
  readonly state: KeyedState;
}
