/** What a workflow is before it runs: a name, its types, its defaults and its code. */
import type { JsonObject, RetryPolicy } from "@perdure/kernel";
import type { Context } from "../ctx/context.ts";
import type { Duration } from "../duration.ts";
import type { Schema } from "../schema.ts";
import type { Stored } from "../stored.ts";
import type { Exchanges, Messages, Nothing, Schemas } from "./messages.ts";
import { checkName } from "./names.ts";

/**
 * When a step's result counts as done.
 *
 * The code goes on at once in any case. `sync`: what it begins or asks for after that, and what it
 * answers, waits until the result is on disk, so a crash repeats no step whose outcome anything
 * rests on. `async`: the next steps begin at once and the journal trails; a crash may repeat the
 * last ones. `exit`: results are journaled when the code waits or ends; a crash repeats the steps
 * since then.
 */
export type Durability = "sync" | "async" | "exit";

/** How often and how fast a step is tried again; what is left out comes from the default. */
export type RetryOptions = Partial<RetryPolicy>;

/** Starts the workflow with the payload of each event that is published and matches. */
export interface TriggerOptions {
  readonly event: string;
  /** A part that the event's data must contain. */
  readonly match?: JsonObject;
}

export interface CronOptions {
  /** Five or six fields, or a nickname such as `@daily`. */
  readonly expression: string;
  /** IANA name; default: UTC. */
  readonly timeZone?: string;
}

/** What applies to every run of a workflow unless its start or a step says otherwise. */
export interface WorkflowSettings {
  /** The task queue whose workers run the code; default: `default`. */
  readonly queue?: string;
  /** For its steps. */
  readonly retry?: RetryOptions;
  /** From start to close; the run is then closed without compensation. */
  readonly timeout?: Duration;
  /** For its steps; default: `sync`. */
  readonly durability?: Durability;
  readonly triggers?: readonly TriggerOptions[];
  readonly cron?: string | CronOptions;
  /** Closed runs are kept this long; default: for ever. */
  readonly retention?: Duration;
  readonly version?: string;
}

export interface WorkflowOptions<
  In,
  Parsed,
  Returned,
  Out,
  S extends Schemas,
  Q extends Exchanges,
  U extends Exchanges,
  E extends Schemas,
> extends WorkflowSettings {
  /** Unique among the workflows of a namespace. */
  readonly name: string;
  /** Checked where a run is started, and again before its code runs. */
  readonly input?: Schema<In, Parsed>;
  /** Checked when the code returns. */
  readonly output?: Schema<Returned, Out>;
  readonly signals?: S;
  readonly queries?: Q;
  readonly updates?: U;
  /** Bus events the code waits for, by name. */
  readonly events?: E;
}

/** A definition as the runtime sees it, its types erased. */
export interface WorkflowCode {
  readonly name: string;
  readonly settings: WorkflowSettings;
  readonly input: Schema | undefined;
  readonly output: Schema | undefined;
  readonly messages: Messages;
  run(ctx: Context, input: unknown): unknown;
}

/**
 * A workflow's definition. One value gives the types of start, signal, query, update and result.
 * `In` is what callers hand in, `Out` what they get back.
 */
export interface Workflow<In = never, Out = unknown, M extends Messages = Messages> {
  readonly type: "workflow";
  readonly name: string;
  readonly code: WorkflowCode;
  /** Types only; never set. */
  readonly types?: {
    readonly input: (input: In) => void;
    readonly output: Out;
    readonly messages: M;
  };
}

/** Any workflow, for lists of them. */
export type AnyWorkflow = Workflow;

/** What callers of a workflow hand in. */
export type InputOf<W extends AnyWorkflow> =
  W extends Workflow<infer In, infer _Out, infer _M> ? In : never;
/** What callers of a workflow get. */
export type OutputOf<W extends AnyWorkflow> =
  W extends Workflow<infer _In, infer Out, infer _M> ? Out : never;

/**
 * Defines a workflow.
 *
 * ```ts
 * export const greet = workflow({ name: "greet", input: z.string() }, async (ctx, name) => {
 *   const text = await ctx.step("compose", () => `Hello, ${name}`);
 *   await ctx.sleep("1h");
 *   await ctx.step("send", ({ idempotencyKey }) => mail.send(text, { idempotencyKey }));
 *   return text;
 * });
 * ```
 *
 * The code must take the same turns when it is replayed: whatever comes from outside (a call, the
 * time, chance) goes through `ctx`.
 */
export function workflow<
  Parsed = void,
  Returned = void,
  In = Parsed,
  Out = Returned,
  S extends Schemas = Nothing,
  Q extends Exchanges = Nothing,
  U extends Exchanges = Nothing,
  E extends Schemas = Nothing,
>(
  options: WorkflowOptions<In, Parsed, Returned, Out, S, Q, U, E>,
  run: (
    ctx: Context<{ signals: S; queries: Q; updates: U; events: E }>,
    input: Parsed,
  ) => Promise<Returned> | Returned,
): Workflow<In, Stored<Out>, { signals: S; queries: Q; updates: U; events: E }> {
  const { name, input, output, signals, queries, updates, events, ...settings } = options;
  checkName("workflow", name);
  return {
    type: "workflow",
    name,
    code: {
      name,
      settings,
      input,
      output,
      messages: {
        signals: signals ?? {},
        queries: queries ?? {},
        updates: updates ?? {},
        events: events ?? {},
      },
      run,
    },
  };
}
