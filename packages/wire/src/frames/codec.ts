/**
 * Messages to bytes and frames to messages. `decodeFrame` is given what strangers sent: it says
 * `invalid-argument` or `limit-exceeded` with the place and the reason, or gives messages whose
 * every field is as `messages.ts` says.
 */
import { invariant } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import { fromServer, fromWorker, type Dialect, type Layout } from "./layouts.ts";
import type { Message, ServerMessage, WorkerMessage } from "./messages.ts";
import { packr } from "./packr.ts";
import { malformed, scan, tooMuch } from "./scan.ts";

export interface Frame<M extends Message> {
  /** The number of the first message; 0: a handshake. */
  readonly seq: number;
  /** The last message of ours that the other side has taken. */
  readonly ack: number;
  readonly messages: readonly M[];
}

export function encodeWorkerMessage(message: WorkerMessage): Uint8Array {
  return encode(fromWorker, message);
}

export function encodeServerMessage(message: ServerMessage): Uint8Array {
  return encode(fromServer, message);
}

export function decodeWorkerFrame(bytes: Uint8Array): Frame<WorkerMessage> {
  return decode(fromWorker, bytes) as Frame<WorkerMessage>;
}

export function decodeServerFrame(bytes: Uint8Array): Frame<ServerMessage> {
  return decode(fromServer, bytes) as Frame<ServerMessage>;
}

/** `messages` are encoded. */
export function encodeFrame(seq: number, ack: number, messages: readonly Uint8Array[]): Uint8Array {
  const head = packr.pack([seq, ack]);
  let size = headBytes + head.length - 1;
  for (const message of messages) size += message.length;
  const frame = new Uint8Array(size);
  // An array of 32-bit length, in place of the one that `head` begins with.
  frame[0] = 0xdd;
  new DataView(frame.buffer).setUint32(1, messages.length + 2);
  frame.set(head.subarray(1), headBytes);
  let at = headBytes + head.length - 1;
  for (const message of messages) {
    frame.set(message, at);
    at += message.length;
  }
  return frame;
}

const headBytes = 5;

function encode({ byType }: Dialect, message: Message): Uint8Array {
  const layout = byType.get(message.type);
  invariant(layout !== undefined, `no layout for the message ${message.type}`);
  const { number, names } = layout;
  const body = message as unknown as Readonly<Record<string, unknown>>;
  const row: unknown[] = [number];
  let used = 1;
  for (const name of names) {
    const value = body[name];
    row.push(value ?? null);
    if (value !== undefined) used = row.length;
  }
  row.length = used;
  const bytes = packr.pack(row);
  if (bytes.length <= wireLimits.messageBytes) return bytes;
  throw tooMuch(`its ${message.type} has ${bytes.length} bytes of ${wireLimits.messageBytes}`);
}

function decode({ byNumber }: Dialect, source: Uint8Array): Frame<Message> {
  if (source.length > wireLimits.frameBytes) {
    throw tooMuch(`it has ${source.length} bytes of ${wireLimits.frameBytes}`);
  }
  // A plain view: what is cut from it are plain bytes too.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  scan(bytes);
  const frame = unpack(bytes);
  if (!Array.isArray(frame)) throw malformed("it is not a list");
  const [seq, ack, ...rows] = frame as readonly unknown[];
  if (!isNumber(seq) || !isNumber(ack)) throw malformed("it does not begin with two numbers");
  return { seq, ack, messages: rows.map((row, i) => messageOf(byNumber, row, i)) };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : "it cannot be decoded");
  }
}

function messageOf(byNumber: Dialect["byNumber"], row: unknown, index: number): Message {
  if (!Array.isArray(row)) throw malformed(`message ${index} is not a list`);
  const number: unknown = row[0];
  const layout = typeof number === "number" ? byNumber[number] : undefined;
  if (layout === undefined) throw malformed(`message ${index} is of an unknown kind`);
  const { names } = layout;
  if (row.length - 1 > names.length) {
    throw malformed(`message ${index} (${layout.type}) has fields that are unknown`);
  }
  const message: Record<string, unknown> = { type: layout.type };
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    const value: unknown = row[i + 1];
    const problem = problemOf(layout, i, value);
    if (problem !== undefined) {
      throw malformed(`message ${index} (${layout.type}): ${name} ${problem}`);
    }
    if (value !== null && value !== undefined) message[name] = value;
  }
  return message as unknown as Message;
}

function problemOf(layout: Layout, i: number, value: unknown): string | undefined {
  if (value === null || value === undefined) {
    return layout.isOptional[i] ? undefined : "is missing";
  }
  return layout.checks[i]?.(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
