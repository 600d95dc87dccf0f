/**
 * Messages as rows: `[number, ...fields]`, in the order of a table, null for what is absent. A dialect
 * is the table of one side; its type proves it complete. A number is never reused, and a new field
 * goes to the end and is optional: servers and clients of different versions meet.
 */
import { invariant } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import type { Check } from "./checks.ts";
import { packr } from "./packr.ts";
import { malformed, scan, tooMuch } from "./scan.ts";

/** What every message has. */
export interface Typed {
  readonly type: string;
}

type BodyOf<M extends Typed, T extends M["type"]> = Omit<Extract<M, { type: T }>, "type">;
type OptionalIn<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];
type ChecksOf<T> = {
  readonly [K in keyof T]-?: K extends OptionalIn<T> ? { readonly ifThere: Check } : Check;
};
export type Layouts<M extends Typed> = {
  readonly [T in M["type"]]: readonly [number: number, fields: ChecksOf<BodyOf<M, T>>];
};

export const optional = (check: Check): { readonly ifThere: Check } => ({ ifThere: check });

/** A layout as the codec walks it. */
interface Layout {
  readonly type: string;
  readonly number: number;
  readonly names: readonly string[];
  readonly checks: readonly Check[];
  readonly isOptional: readonly boolean[];
}

/** The messages of one side. */
export interface Dialect<M extends Typed> {
  /** Only for the type: which messages they are. */
  readonly of?: M;
  readonly byType: ReadonlyMap<string, Layout>;
  readonly byNumber: readonly (Layout | undefined)[];
}

type AnyFields = Readonly<Record<string, Check | { readonly ifThere: Check }>>;

export function dialectOf<M extends Typed>(layouts: Layouts<M>): Dialect<M> {
  const byType = new Map<string, Layout>();
  const byNumber: (Layout | undefined)[] = [];
  const rows = layouts as Readonly<Record<string, readonly [number, AnyFields]>>;
  for (const [type, [number, fields]] of Object.entries(rows)) {
    if (byNumber[number] !== undefined) throw new TypeError(`two messages have number ${number}`);
    const layout: Layout = {
      type,
      number,
      names: Object.keys(fields),
      checks: Object.values(fields).map((one) => ("ifThere" in one ? one.ifThere : one)),
      isOptional: Object.values(fields).map((one) => "ifThere" in one),
    };
    byType.set(type, layout);
    byNumber[number] = layout;
  }
  return { byType, byNumber };
}

export function encodeRow<M extends Typed>({ byType }: Dialect<M>, message: M): Uint8Array {
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

export function readRow<M extends Typed>({ byNumber }: Dialect<M>, row: unknown, index: number): M {
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
  return message as unknown as M;
}

function problemOf(layout: Layout, i: number, value: unknown): string | undefined {
  if (value === null || value === undefined) {
    return layout.isOptional[i] ? undefined : "is missing";
  }
  return layout.checks[i]?.(value);
}

/** What a stranger's frame holds: it is walked before anything is made of it. */
export function unpackList(source: Uint8Array, maxBytes: number): readonly unknown[] {
  if (source.length > maxBytes) {
    throw tooMuch(`it has ${source.length} bytes of ${maxBytes}`);
  }
  // A plain view: what is cut from it are plain bytes too.
  const bytes = new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  scan(bytes);
  const list = unpack(bytes);
  if (!Array.isArray(list)) throw malformed("it is not a list");
  return list;
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : "it cannot be decoded");
  }
}

/** A list: the `items` values encoded in `head`, and behind them rows that are encoded. */
export function packList(head: Uint8Array, items: number, rows: readonly Uint8Array[]): Uint8Array {
  let size = headBytes + head.length;
  for (const row of rows) size += row.length;
  const list = new Uint8Array(size);
  // An array of 32-bit length.
  list[0] = 0xdd;
  new DataView(list.buffer).setUint32(1, items + rows.length);
  list.set(head, headBytes);
  let at = headBytes + head.length;
  for (const row of rows) {
    list.set(row, at);
    at += row.length;
  }
  return list;
}

const headBytes = 5;
