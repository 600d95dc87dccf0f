/** The client: what the rest of a program asks of Perdure. */
import type { Explanation, PerdureError } from "@perdure/kernel";
import type { IndexRow } from "@perdure/store";
import type { Handlers, ObjectDefinition, ObjectProxy } from "../define/object.ts";
import type { Messages } from "../define/messages.ts";
import type { Workflow } from "../define/workflow.ts";
import type { RunHandle } from "./handle.ts";
import type { ListOptions, PublishOptions, StartOptions, Target, WhyTarget } from "./options.ts";
import type { Schedules } from "./schedules.ts";

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly IndexRow[];
  readonly cursor?: string;
}

/** What became of one of many starts: a run, new or (`existing`) found, or why there is none. */
export type StartedItem<Out, M extends Messages> =
  | { readonly run: RunHandle<Out, M>; readonly existing: boolean; readonly error?: undefined }
  | { readonly run?: undefined; readonly existing?: undefined; readonly error: PerdureError };

export interface Perdure extends AsyncDisposable {
  readonly namespace: string;
  readonly schedules: Schedules;
  /**
   * Starts a run, or finds the open one with the same `id`. Resolves when the start is on disk:
   * from then on the run goes to its end, whatever crashes.
   *
   * ```ts
   * const run = await perdure.start(returns, { id: `return-${order}`, input });
   * await run.result();
   * ```
   */
  start<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    ...options: undefined extends In ? [options?: StartOptions<In>] : [options: StartOptions<In>]
  ): Promise<RunHandle<Out, M>>;
  /**
   * Starts a run of the workflow for each item, many at a time; resolves when all of them are on
   * disk or refused, with what became of each, in their order. An item with a `requestId` may be
   * sent again and again.
   *
   * ```ts
   * const started = await perdure.startMany(resize, images.map((input) => ({ input })));
   * const refused = started.flatMap(({ error }) => error ?? []);
   * ```
   */
  startMany<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    items: readonly StartOptions<In>[],
  ): Promise<readonly StartedItem<Out, M>[]>;
  /** The run, or the current run under a business key; an error when there is none. */
  get<In, Out, M extends Messages>(
    workflow: Workflow<In, Out, M>,
    target: Target,
  ): Promise<RunHandle<Out, M>>;
  list(options?: ListOptions): Promise<RunPage>;
  count(options?: Omit<ListOptions, "limit" | "cursor">): Promise<number>;
  /** Resolves when the signal is on disk. A run that is over is an error, `already-closed`. */
  signal(
    target: Target,
    name: string,
    payload?: unknown,
    options?: { readonly id?: string },
  ): Promise<void>;
  cancel(target: Target, reason?: string): Promise<void>;
  /**
   * Why it does not go on: the first cause, since when, and what cures it. Also of a start that
   * waits for its turn, and of a key.
   */
  why(target: WhyTarget): Promise<Explanation>;
  /** Publishes an event on the bus: it starts what it triggers and resumes what waits for it. */
  publish(event: string, payload?: unknown, options?: PublishOptions): Promise<void>;
  /** A keyed object: `await perdure.object(cart, "user-7").add("book")`. */
  object<H extends Handlers>(
    definition: ObjectDefinition<H>,
    key: string,
  ): ObjectProxy<H, Promise<void>>;
  /** Keeps a promise that a run made with `ctx.promise()`. */
  resolvePromise(id: string, value?: unknown): Promise<void>;
  rejectPromise(id: string, error: Error | string): Promise<void>;
  /** Lets what is in progress end, then gives everything back. */
  close(): Promise<void>;
}
