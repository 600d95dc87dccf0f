/** Builds what the writer knows of the log from the file. */
import type { DatabaseSync } from "node:sqlite";
import { decodeFrames } from "@perdure/store";
import { Log, type LinkRow } from "@perdure/store/log";
import { positionOf } from "./position.ts";
import type { StreamTable } from "./stream-table.ts";

export interface Loaded {
  readonly log: Log;
  readonly lastSegment: number;
}

export function loadLog(db: DatabaseSync, streams: StreamTable, partitions: number): Loaded {
  const owners = Array.from({ length: partitions }, () => ({
    epoch: 0,
    lastBatch: 0,
    savedBatch: 0,
  }));
  const known = db.prepare("SELECT partition, epoch, last_batch FROM partitions");
  for (const row of known.iterate()) {
    const owner = owners[Number(row["partition"])];
    if (owner === undefined) continue;
    owner.epoch = Number(row["epoch"]);
    owner.lastBatch = Number(row["last_batch"]);
    owner.savedBatch = owner.lastBatch;
  }
  const links = db.prepare("SELECT sender, receiver, sent, mark FROM links").all();
  const log = new Log(owners, links as unknown as LinkRow[], (stream) => streams.gathered(stream));
  let lastSegment = 0;
  for (const row of db.prepare("SELECT id, data FROM segments ORDER BY id").iterate()) {
    lastSegment = Number(row["id"]);
    replay(log, streams, lastSegment, row["data"] as Uint8Array);
  }
  return { log, lastSegment };
}

function replay(log: Log, streams: StreamTable, segment: number, data: Uint8Array): void {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  log.uses.add(segment);
  log.uses.grow(segment, bytes.length);
  for (const [index, frame] of decodeFrames(bytes).entries()) {
    const position = positionOf(segment, index);
    log.replay(frame, bytes, segment, (stream) => (streams.row(stream)?.position ?? 0) >= position);
  }
  log.uses.release(segment);
}
