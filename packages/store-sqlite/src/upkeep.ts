/**
 * What is done beside commits, in their transactions or when nothing else is to do: index rows
 * that have waited, segments that nobody needs, and streams that have kept old segments too long.
 */
import { limits } from "@perdure/kernel";
import type { Open, StoreFile } from "./file.ts";
import { positionOf, SEGMENT_FRAMES } from "./position.ts";

/** About a millisecond of work; fewer at a time would write the last page of each index more often. */
const ROWS_A_COMMIT = 256;
/** When so many runs are started in bulk that rows would pile up. */
const MOST_ROWS_A_COMMIT = 1_024;
const FREE_SEGMENTS = 64;
const GATHERED_A_COMMIT = 64;

/** A little at a time, so that no commit waits long for it. */
export function keepUp(open: Open, { waiting, logBytes, unsettledStreams }: StoreFile): void {
  const { log, runs } = open;
  const overdue = waiting.size - limits.storeWaitingRows;
  if (overdue > 0) runs.write(Math.max(ROWS_A_COMMIT, Math.min(overdue, MOST_ROWS_A_COMMIT)));
  const excess = log.tails.size - unsettledStreams;
  if (log.uses.bytes > logBytes || excess > 0) gatherOldest(open, excess);
  if (log.uses.free > FREE_SEGMENTS) dropSegments(open);
}

export function dropSegments(open: Open): void {
  const { db, log, streams, lastSegment } = open;
  const free = log.uses.takeFree(lastSegment);
  if (free.length === 0) return;
  const saveOwner = db.prepare(
    "INSERT OR REPLACE INTO partitions (partition, epoch, last_batch) VALUES (?, ?, ?)",
  );
  for (const [partition, owner] of log.owners.entries()) {
    if (owner.savedBatch === owner.lastBatch) continue;
    saveOwner.run(partition, owner.epoch, owner.lastBatch);
    owner.savedBatch = owner.lastBatch;
  }
  saveLinks(open);
  const drop = db.prepare("DELETE FROM segments WHERE id = ?");
  for (const id of free) drop.run(id);
  streams.dropForgottenBefore(positionOf(log.uses.oldest ?? lastSegment, 0));
}

/** What segments say of messages, for when they are gone. */
export function saveLinks({ db, log }: Open): void {
  const save = db.prepare(
    "INSERT OR REPLACE INTO links (sender, receiver, sent, mark) VALUES (?, ?, ?, ?)",
  );
  for (const { sender, receiver, sent, mark } of log.links.takeUnsaved()) {
    save.run(sender, receiver, sent, mark);
  }
}

/** The tails are in the order in which they began, so the first keep the oldest segments. */
function gatherOldest({ log, streams, lastSegment }: Open, excess: number): void {
  const at = positionOf(lastSegment, SEGMENT_FRAMES - 1);
  let left = Math.max(GATHERED_A_COMMIT, Math.min(excess, limits.commitMessages));
  for (const [stream, tail] of log.tails) {
    if (left-- === 0) break;
    if (tail.damage !== undefined) continue;
    streams.gather(stream, tail.partition, tail, at, "unsettled");
    log.release(stream);
  }
}
