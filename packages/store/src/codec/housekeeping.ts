/** What rides along with a batch, to bytes and back, for a store whose writer is elsewhere. */
import type { Batch } from "../store.ts";
import { corrupt, pack, unpack } from "./msgpack.ts";

export type Housekeeping = Pick<Batch, "blobs" | "index" | "settle" | "forget">;

/** Undefined when there is nothing, as in most commits. */
export function encodeHousekeeping(batches: readonly Batch[]): Uint8Array | undefined {
  if (batches.every(isBare)) return undefined;
  return pack(
    batches.map(({ blobs, index, settle, forget }) => ({ blobs, index, settle, forget })),
  );
}

/** One for each batch. */
export function decodeHousekeeping(bytes: Uint8Array): readonly Housekeeping[] {
  const what = "a commit's housekeeping";
  const value = unpack(bytes, what);
  if (!Array.isArray(value)) throw corrupt(what, "it is not a list");
  return value as readonly Housekeeping[];
}

function isBare({ blobs, index, settle, forget }: Batch): boolean {
  return blobs.length + index.length + settle.length + forget.length === 0;
}
