/**
 * What rides along with a batch, for a store whose writer is elsewhere: text, and the bytes that it
 * speaks of, one after the other. V8 reads and writes JSON in less time than any codec of rows that
 * is written in JavaScript, and a text crosses threads as one piece. It is never stored.
 */
import { concat } from "../concat.ts";
import type { Batch, Blob, Settled } from "../store.ts";

export type Housekeeping = Pick<Batch, "blobs" | "index" | "settle" | "forget">;

export interface PackedHousekeeping {
  readonly text: string;
  /** Snapshots and blobs, of memory of their own; absent: there are none, as nearly always. */
  readonly bytes?: Uint8Array;
}

/** As in the text: bytes are known by their length. */
type Lengths<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]: number };
type Snapshot = NonNullable<Settled["snapshot"]>;
type PackedSettled = Omit<Settled, "snapshot"> & { readonly snapshot?: Lengths<Snapshot, "data"> };
type PackedBlob = Lengths<Blob, "hash" | "data">;
type PackedBatch = readonly [
  index: Batch["index"],
  settle: readonly PackedSettled[],
  forget: Batch["forget"],
  blobs: readonly PackedBlob[],
];

/** Undefined when there is nothing, as in most commits. */
export function packHousekeeping(batches: readonly Batch[]): PackedHousekeeping | undefined {
  if (batches.every(isBare)) return undefined;
  const parts: Uint8Array[] = [];
  const measure = (data: Uint8Array): number => {
    parts.push(data);
    return data.length;
  };
  const packed = batches.map(({ index, settle, forget, blobs }): PackedBatch => [
    index,
    settle.map((rest) => packSettled(rest, measure)),
    forget,
    blobs.map(({ hash, data, stream }) => ({ hash: measure(hash), data: measure(data), stream })),
  ]);
  const text = JSON.stringify(packed);
  return parts.length === 0 ? { text } : { text, bytes: concat(parts) };
}

/** One for each batch. */
export function unpackHousekeeping({ text, bytes }: PackedHousekeeping): readonly Housekeeping[] {
  let at = 0;
  const take = (length: number): Uint8Array =>
    bytes?.subarray(at, (at += length)) ?? new Uint8Array(0);
  return (JSON.parse(text) as readonly PackedBatch[]).map(([index, settle, forget, blobs]) => ({
    index,
    settle: settle.map((rest) => unpackSettled(rest, take)),
    forget,
    blobs: blobs.map(({ hash, data, stream }) => ({ hash: take(hash), data: take(data), stream })),
  }));
}

function packSettled(rest: Settled, measure: (data: Uint8Array) => number): PackedSettled {
  const { snapshot, ...others } = rest;
  if (snapshot === undefined) return others;
  return { ...others, snapshot: { seq: snapshot.seq, data: measure(snapshot.data) } };
}

function unpackSettled(rest: PackedSettled, take: (length: number) => Uint8Array): Settled {
  const { snapshot, ...others } = rest;
  if (snapshot === undefined) return others;
  return { ...others, snapshot: { seq: snapshot.seq, data: take(snapshot.data) } };
}

function isBare({ blobs, index, settle, forget }: Batch): boolean {
  return blobs.length + index.length + settle.length + forget.length === 0;
}
