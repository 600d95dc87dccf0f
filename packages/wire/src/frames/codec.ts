/**
 * Messages to bytes and frames to messages. `decodeFrame` is given what strangers sent: it says
 * `invalid-argument` or `limit-exceeded` with the place and the reason, or gives messages whose
 * every field is as `messages.ts` says.
 */
import { wireLimits } from "../limits.ts";
import { encodeRow, packList, readRow, unpackList, type Dialect } from "./dialect.ts";
import { fromServer, fromWorker } from "./layouts.ts";
import type { Message, ServerMessage, WorkerMessage } from "./messages.ts";
import { packr } from "./packr.ts";
import { malformed } from "./scan.ts";

export interface Frame<M extends Message> {
  /** The number of the first message; 0: a handshake. */
  readonly seq: number;
  /** The last message of ours that the other side has taken. */
  readonly ack: number;
  readonly messages: readonly M[];
}

export function encodeWorkerMessage(message: WorkerMessage): Uint8Array {
  return encodeRow(fromWorker, message);
}

export function encodeServerMessage(message: ServerMessage): Uint8Array {
  return encodeRow(fromServer, message);
}

export function decodeWorkerFrame(bytes: Uint8Array): Frame<WorkerMessage> {
  return decode(fromWorker, bytes);
}

export function decodeServerFrame(bytes: Uint8Array): Frame<ServerMessage> {
  return decode(fromServer, bytes);
}

/** `messages` are encoded. */
export function encodeFrame(seq: number, ack: number, messages: readonly Uint8Array[]): Uint8Array {
  // Without the byte that says how long its own list is.
  return packList(packr.pack([seq, ack]).subarray(1), 2, messages);
}

function decode<M extends Message>(dialect: Dialect<M>, source: Uint8Array): Frame<M> {
  const [seq, ack, ...rows] = unpackList(source, wireLimits.frameBytes);
  if (!isNumber(seq) || !isNumber(ack)) throw malformed("it does not begin with two numbers");
  return { seq, ack, messages: rows.map((row, i) => readRow(dialect, row, i)) };
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
