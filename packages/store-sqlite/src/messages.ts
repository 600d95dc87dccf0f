/** What the port and its threads say to each other. */
import type { ErrorCode, JsonObject, StreamId } from "@perdure/kernel";
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
  | ReadsRequest
  | { readonly type: "close"; readonly id: number };

/** Streams to be read whole; the ids of the second and later ones count on from `id`. */
export interface ReadsRequest {
  readonly type: "reads";
  readonly id: number;
  readonly streams: StreamId[];
}

/** An error as data: classes do not cross threads. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: JsonObject | undefined;
}

/** What is alike crosses as one: an object and its parts cost more than most of what was asked. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: WireError }
  /** Commits that are durable. */
  | { readonly done: readonly number[] }
  /** Streams that were read, by `packStreams`; their ids count on from `id`. */
  | { readonly id: number; readonly streams: ArrayBuffer };

/** The first word of a thread: it has the file open, or not. */
export type Ready = { readonly partitions: number } | { readonly error: WireError };
