/** The messages a workflow takes, as its definition declares them. */
import type { Schema, SchemaInput, SchemaOutput } from "../schema.ts";

/** A question and its answer. Without a schema nothing is checked and the type is `unknown`. */
export interface Exchange {
  readonly input?: Schema;
  readonly output?: Schema;
}

export type Schemas = Readonly<Record<string, Schema>>;
export type Exchanges = Readonly<Record<string, Exchange>>;

/** Payload types by name. What is not declared stays free-form. */
export interface Messages {
  readonly signals: Schemas;
  readonly queries: Exchanges;
  readonly updates: Exchanges;
  readonly events: Schemas;
}

/** No names at all. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- the empty set is meant
export type Nothing = Record<never, never>;

export interface NoMessages {
  readonly signals: Nothing;
  readonly queries: Nothing;
  readonly updates: Nothing;
  readonly events: Nothing;
}

/** The names that were declared, as text. */
export type NameOf<Declared> = keyof Declared & string;

/** A name that was not declared: what is declared keeps its type. */
export type FreeName<Declared, N extends string> = N extends NameOf<Declared> ? never : N;

/** What the sender hands in. */
export type Sent<S> = S extends Schema ? SchemaInput<S> : unknown;
/** What the receiver gets. */
export type Received<S> = S extends Schema ? SchemaOutput<S> : unknown;

type InputSchema<E> = E extends { readonly input: infer S } ? S : undefined;
type OutputSchema<E> = E extends { readonly output: infer S } ? S : undefined;

/** What a caller asks with, and what the handler then gets. */
export type Asked<E> = Sent<InputSchema<E>>;
export type Heard<E> = Received<InputSchema<E>>;
/** What the handler answers with, and what the caller then gets. */
export type Answered<E> = Sent<OutputSchema<E>>;
export type Told<E> = Received<OutputSchema<E>>;
