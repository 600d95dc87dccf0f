/** The store port, the codec of what is kept in stores, and the in-memory oracle. */
export type * from "./store.ts";
export { canonical } from "./canonical.ts";
export { claimedError } from "./claim.ts";
export { placeError } from "./place.ts";
export { sealedBy, sealedError } from "./seal.ts";
export { concat } from "./concat.ts";
export { blobHashes, decodeEvent, encodeEvent } from "./codec/event.ts";
export { sha256, type BlobSink, type BlobSource } from "./codec/detached.ts";
export type { AnyEvent, EventBody, EventKind } from "./codec/layout.ts";
export { decodeMessage, encodeMessage } from "./codec/message.ts";
export { decodeSnapshot, encodeSnapshot } from "./codec/snapshot.ts";
export { byBytes, decodeCursor, firstPage, pageLimit, type CursorPosition } from "./cursor.ts";
export { Disk } from "./memory/disk.ts";
export { MemoryStore, type Faults } from "./memory/memory-store.ts";
export { SpreadStore } from "./spread/spread-store.ts";
export { decodeFrames, encodeFrames, type Frame, type FramedRecord } from "./segment/frame.ts";
export {
  corruptStream,
  extentOf,
  readRecords,
  sealRecord,
  type Chain,
  type Extent,
} from "./segment/record.ts";
export {
  packHousekeeping,
  unpackHousekeeping,
  type Housekeeping,
  type PackedHousekeeping,
} from "./codec/housekeeping.ts";
