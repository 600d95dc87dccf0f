/**
 * Keyed objects: handlers that share state under a key. Exclusive handlers of one key run one
 * after the other, first in, first out; shared ones beside them, reading only.
 */
import type { KeyMode } from "@perdure/kernel";
import { PerdureError } from "@perdure/kernel";
import type { ObjectContext } from "../ctx/context.ts";
import type { Schema } from "../schema.ts";
import type { Stored } from "../stored.ts";
import { checkName } from "./names.ts";
import { workflow, type AnyWorkflow, type WorkflowSettings } from "./workflow.ts";

export interface HandlerOptions<In, Parsed, Returned, Out> extends WorkflowSettings {
  readonly input?: Schema<In, Parsed>;
  readonly output?: Schema<Returned, Out>;
}

/** Any handler. (The types of a `Handler` are kept out of it, so that inference finds them.) */
export interface AnyHandler {
  readonly type: "handler";
  readonly mode: KeyMode;
  readonly named: (name: string) => AnyWorkflow;
}

/** A handler before its object gives it a name. */
export interface Handler<In = never, Out = unknown> extends AnyHandler {
  /** Types only; never set. */
  readonly types?: { readonly input: (input: In) => void; readonly output: Out };
}

export type Handlers = Readonly<Record<string, AnyHandler>>;

type HandlerCode<Parsed, Returned> = (
  ctx: ObjectContext,
  input: Parsed,
) => Promise<Returned> | Returned;

/**
 * A handler that has the object to itself while it runs.
 *
 * ```ts
 * add: handler(async (ctx, item: string) => {
 *   const items = (await ctx.state.get<string[]>("items")) ?? [];
 *   ctx.state.set("items", [...items, item]);
 * })
 * ```
 */
export function handler<Parsed = void, Returned = void>(
  run: HandlerCode<Parsed, Returned>,
): Handler<Parsed, Stored<Returned>>;
export function handler<Parsed = void, Returned = void, In = Parsed, Out = Returned>(
  options: HandlerOptions<In, Parsed, Returned, Out>,
  run: HandlerCode<Parsed, Returned>,
): Handler<In, Stored<Out>>;
export function handler(...args: DefinitionArguments): AnyHandler {
  return define("exclusive", args);
}

/** A handler that runs beside others and only reads the state. */
export function shared<Parsed = void, Returned = void>(
  run: HandlerCode<Parsed, Returned>,
): Handler<Parsed, Stored<Returned>>;
export function shared<Parsed = void, Returned = void, In = Parsed, Out = Returned>(
  options: HandlerOptions<In, Parsed, Returned, Out>,
  run: HandlerCode<Parsed, Returned>,
): Handler<In, Stored<Out>>;
export function shared(...args: DefinitionArguments): AnyHandler {
  return define("shared", args);
}

type AnyCode = HandlerCode<never, unknown>;
type DefinitionArguments =
  | [AnyCode]
  | [HandlerOptions<unknown, unknown, unknown, unknown>, AnyCode];

function define(mode: KeyMode, args: DefinitionArguments): AnyHandler {
  const [options, run] = args.length === 1 ? [{}, args[0]] : args;
  return {
    type: "handler",
    mode,
    named: (name) => workflow({ ...options, name }, run as never),
  };
}

/** An object's definition: its kind and, by name, its handlers. */
export interface ObjectDefinition<H extends Handlers = Handlers> {
  readonly type: "object";
  readonly name: string;
  readonly handlers: H;
  /** Each handler is a workflow of its own, named `<object>.<handler>`. */
  readonly workflows: readonly AnyWorkflow[];
}

type CallOf<H> =
  H extends Handler<infer In, infer Out>
    ? (...input: undefined extends In ? [input?: In] : [input: In]) => Promise<Out>
    : never;

/** Calls on one object, each answered with the handler's result. */
export type ObjectCalls<H extends Handlers> = { readonly [N in keyof H]: CallOf<H[N]> };

type SendOf<H, Done> =
  H extends Handler<infer In, infer _Out>
    ? (...input: undefined extends In ? [input?: In] : [input: In]) => Done
    : never;

/** The same without waiting for the result. */
export type ObjectSends<H extends Handlers, Done> = {
  readonly [N in keyof H]: SendOf<H[N], Done>;
};

/** Handlers of one object by name, and under `send` the same one-way. */
export type ObjectProxy<H extends Handlers, Done> = ObjectCalls<H> & {
  readonly send: ObjectSends<H, Done>;
};

/**
 * Defines a keyed object.
 *
 * ```ts
 * const cart = object({ name: "cart", handlers: { add: handler(…), peek: shared(…) } });
 * await ctx.object(cart, "user-7").add("book");
 * ```
 */
export function object<H extends Handlers>(options: {
  readonly name: string;
  readonly handlers: H;
}): ObjectDefinition<H> {
  const { name, handlers } = options;
  checkName("object", name);
  if ("send" in handlers) {
    const advice = "calls without an answer have that name; choose another";
    throw new PerdureError(
      "invalid-argument",
      `the object "${name}" has a handler "send": ${advice}`,
    );
  }
  const workflows = Object.entries(handlers).map(([method, { named }]) =>
    named(`${name}.${method}`),
  );
  return { type: "object", name, handlers, workflows };
}
