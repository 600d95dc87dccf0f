/** What the port and its threads say to each other. */
import type { ErrorCode, JsonObject } from "@perdure/kernel";
import type { SqliteOptions } from "./options.ts";
import type { Call, WireCommit } from "./wire.ts";

export interface ThreadData {
  readonly role: "writer" | "reader";
  readonly path: string;
  readonly options: SqliteOptions;
}

/** `id` comes back with the answer. */
export type Request =
  | { readonly type: "commit"; readonly id: number; readonly commit: WireCommit }
  | { readonly type: "call"; readonly id: number; readonly call: Call }
  | { readonly type: "close"; readonly id: number };

/** An error as data: classes do not cross threads. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: JsonObject | undefined;
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError };

/** The first word of a thread: it has the file open, or not. */
export type Ready = { readonly partitions: number } | { readonly error: WireError };
