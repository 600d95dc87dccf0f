/** Stored bytes to events, with the long payloads fetched in one go. */
import { partitionOf, type StreamId } from "@perdure/kernel";
import { blobHashes, decodeEvent, type AnyEvent, type Store } from "@perdure/store";

/** Long payloads by the hexadecimal digits of their hash. */
export type Blobs = ReadonlyMap<string, Uint8Array | undefined>;

export async function decodeAll(
  store: Store,
  stream: StreamId,
  events: readonly Uint8Array[],
  from: number,
): Promise<AnyEvent[]> {
  return decodeWith(events, from, await fetchBlobs(store, stream, events));
}

/** The long payloads of these events; nearly always none. */
export async function fetchBlobs(
  store: Store,
  stream: StreamId,
  events: readonly Uint8Array[],
): Promise<Blobs> {
  const hashes = events.flatMap(blobHashes);
  if (hashes.length === 0) return none;
  const blobs = await store.blobs(partitionOf(stream, store.partitions), hashes);
  return new Map(hashes.map((hash, i) => [hex(hash), blobs[i]]));
}

export function decodeWith(events: readonly Uint8Array[], from: number, blobs: Blobs): AnyEvent[] {
  const source = (hash: Uint8Array): Uint8Array | undefined => blobs.get(hex(hash));
  return events.map((bytes, i) => decodeEvent(bytes, from + i, source));
}

/** A stream's events from `from` on, at most `limit` of them; undefined: no such stream. */
export async function readEvents(
  store: Store,
  stream: StreamId,
  from: number,
  limit?: number,
): Promise<AnyEvent[] | undefined> {
  const data = await store.read(stream, from, limit);
  return data && decodeAll(store, stream, data.events, from);
}

const none: Blobs = new Map();

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
