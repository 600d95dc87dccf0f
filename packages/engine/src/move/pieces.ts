/** A stream's events, piece by piece, each with its long payloads: a long stream is never in memory. */
import { limits, type StreamId } from "@perdure/kernel";
import { blobHashes, type Store } from "@perdure/store";
import { fetchBlobs, type Blobs } from "../streams/journal.ts";

export interface Piece {
  /** The seq of its first event, and of the stream's last. */
  readonly first: number;
  readonly total: number;
  readonly isLast: boolean;
  readonly events: readonly Uint8Array[];
  readonly blobs: Blobs;
}

export async function* piecesOf(store: Store, stream: StreamId): AsyncGenerator<Piece> {
  for (let seq = 0, total = 1; seq < total;) {
    const page = await store.read(stream, seq + 1, limits.moveEvents);
    if (page === undefined) return;
    total = page.seq;
    for (const events of slicesOf(page.events)) {
      const blobs = await fetchBlobs(store, stream, events);
      const first = seq + 1;
      seq += events.length;
      yield { first, total, isLast: seq >= total, events, blobs };
    }
  }
}

/** Cut where there are many long payloads. */
function* slicesOf(events: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let start = 0;
  let blobs = 0;
  for (const [i, event] of events.entries()) {
    blobs += blobHashes(event).length;
    if (blobs < limits.moveBlobs) continue;
    yield events.slice(start, i + 1);
    start = i + 1;
    blobs = 0;
  }
  if (start < events.length) yield events.slice(start);
}
