/** Stored bytes to events, with the long payloads fetched in one go. */
import { partitionOf, type StreamId } from "@perdure/kernel";
import { blobHashes, decodeEvent, type AnyEvent, type Store } from "@perdure/store";

export async function decodeAll(
  store: Store,
  stream: StreamId,
  events: readonly Uint8Array[],
  from: number,
): Promise<AnyEvent[]> {
  const hashes = events.flatMap(blobHashes);
  if (hashes.length === 0) return events.map((bytes, i) => decodeEvent(bytes, from + i));
  const blobs = await store.blobs(partitionOf(stream, store.partitions), hashes);
  const found = new Map(hashes.map((hash, i) => [hex(hash), blobs[i]]));
  const source = (hash: Uint8Array): Uint8Array | undefined => found.get(hex(hash));
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
