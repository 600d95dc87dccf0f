/** Builds what is known by heart of a partition from the database, within one transaction. */
import type { StreamId } from "@perdure/kernel";
import { decodeFrames, type Frame } from "@perdure/store";
import { Log, type LinkRow } from "@perdure/store/log";
import { bytes } from "./arrays.ts";
import type { Row, Session, Statement } from "./database.ts";
import { postgresLimits as limits } from "./limits.ts";
import { KnownRows, type PartitionMemory } from "./partition-memory.ts";
import { nameBytes, streamOf, toStreamRow } from "./tables/streams.ts";

/** The partition's row, once it is held. */
export interface Held {
  readonly partition: number;
  readonly epoch: number;
  readonly incarnation: number;
  readonly lastBatch: number;
}

interface Segment {
  readonly number: number;
  readonly bytes: Buffer;
  readonly frames: readonly Frame[];
}

const segments: Statement = {
  name: "load_segments",
  text: "SELECT number, data FROM @.segments WHERE partition = $1 ORDER BY number",
};
const ownLinks: Statement = {
  name: "load_links",
  text: "SELECT peer, sent, mark, delivered FROM @.links WHERE partition = $1",
};
const peerMarks: Statement = {
  name: "load_marks",
  text: "SELECT partition, mark FROM @.links WHERE peer = $1 AND mark > 0",
};
const lastId: Statement = {
  name: "load_last_id",
  text: "SELECT stream FROM @.chunks WHERE partition = $1 ORDER BY stream DESC LIMIT 1",
};
const forgotten: Statement = {
  name: "load_forgotten",
  text: "SELECT 1 FROM @.streams WHERE partition = $1 AND seq = 0 LIMIT 1",
};
const rowsOf: Statement = {
  name: "load_rows",
  text: `SELECT name, id, seq, crc, position, settled FROM @.streams
    WHERE partition = $1 AND name = ANY($2::bytea[])`,
};

export async function loadPartition(session: Session, held: Held): Promise<PartitionMemory> {
  const { partition, epoch, incarnation, lastBatch } = held;
  const statements = [segments, ownLinks, peerMarks, lastId, forgotten];
  const [log, own, marks, ids, gone] = await session.runAll(
    statements.map((statement) => ({ statement, values: [partition] })),
    limits.longAnswerMs,
  );
  const read = (log ?? []).map(toSegment);
  const names = new Set(read.flatMap(({ frames }) => frames.flatMap(namesIn)));
  const owner = { epoch, lastBatch, savedBatch: lastBatch };
  const owners = [];
  owners[partition] = owner;
  const rows: KnownRows = new KnownRows((stream) => memory.log.tails.has(stream));
  const links = linkRows(partition, own ?? [], marks ?? []);
  const memory: PartitionMemory = {
    partition,
    epoch,
    incarnation,
    owner,
    rows,
    log: new Log(owners, links, (stream) => rows.gathered(stream)),
    lastId: Number(ids?.[0]?.["stream"] ?? 0),
    hasForgotten: (gone?.length ?? 0) > 0,
  };
  await loadRows(session, memory, [...names]);
  for (const segment of read) replay(memory, segment);
  return memory;
}

async function loadRows(
  session: Session,
  { partition, rows }: PartitionMemory,
  names: readonly StreamId[],
): Promise<void> {
  if (names.length === 0) return;
  const values = [partition, bytes(names.map(nameBytes))];
  for (const row of await session.run(rowsOf, values, limits.longAnswerMs)) {
    rows.set(streamOf(row["name"]), toStreamRow(row));
  }
}

function toSegment(row: Row): Segment {
  const data = row["data"] as Buffer;
  return { number: Number(row["number"]), bytes: data, frames: decodeFrames(data) };
}

function namesIn({ records }: Frame): StreamId[] {
  return records.map(({ stream }) => stream);
}

function replay({ log, rows }: PartitionMemory, { number, bytes: data, frames }: Segment): void {
  log.uses.add(number);
  log.uses.grow(number, data.length);
  for (const frame of frames) {
    log.replay(frame, data, number, (stream) => (rows.get(stream)?.position ?? 0) >= frame.number);
  }
  log.uses.release(number);
}

/** Both directions: what the partition has sent and its peers have applied, and the other way. */
function linkRows(partition: number, own: readonly Row[], marks: readonly Row[]): LinkRow[] {
  const applied = new Map(marks.map((row) => [Number(row["partition"]), Number(row["mark"])]));
  const links = own.map((row): LinkRow => {
    const peer = Number(row["peer"]);
    const mark = Math.max(Number(row["delivered"]), applied.get(peer) ?? 0);
    applied.delete(peer);
    return { sender: partition, receiver: peer, sent: Number(row["sent"]), mark };
  });
  for (const [receiver, mark] of applied)
    links.push({ sender: partition, receiver, sent: 0, mark });
  for (const row of own) {
    const sender = Number(row["peer"]);
    if (sender === partition) continue;
    links.push({ sender, receiver: partition, sent: 0, mark: Number(row["mark"]) });
  }
  return links;
}
