/**
 * A value the engine stores and passes through without looking inside.
 *
 * `encoding` names how `data` was written (`json` in the native SDK; a foreign protocol brings its
 * own, and an encrypted payload stays encrypted). `metadata` travels with it untouched.
 */
export interface Payload {
  readonly encoding: string;
  readonly data: Uint8Array;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a person or a filter may read: search attributes, event data for matching. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

export type JsonObject = { readonly [name: string]: Json };
