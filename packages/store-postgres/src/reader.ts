/**
 * Answers what is asked of streams: from what is known by heart and the tables, or, of a partition
 * that this process has not opened, from one snapshot of the database.
 */
import { limits, partitionOf, type StreamId } from "@perdure/kernel";
import { byBytes, corruptStream, type Alarm, type StreamData } from "@perdure/store";
import { eventsOf, holdsAll, type Log } from "@perdure/store/log";
import { bytes, numbers } from "./arrays.ts";
import { mayNameRuns } from "./begun.ts";
import type { Turns } from "./commit/turns.ts";
import { inSnapshot, type Database, type Session, type Statement } from "./database.ts";
import { postgresLimits } from "./limits.ts";
import { loadPartition } from "./load.ts";
import type { Partitions } from "./partitions.ts";
import { follows, putTogether, readGathered, seeTail, type SeenTail } from "./read-stream.ts";
import { lookAt } from "./tables/partitions.ts";
import { begunIn } from "./tables/segments.ts";
import { nameBytes, streamOf } from "./tables/streams.ts";

export interface ReaderParts {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly turns: Turns;
  /** Of the store. */
  readonly count: number;
}

/** Partition by partition, as an index gives them: no look at what another prefix has. */
const named: Statement = {
  name: "named_streams",
  text: `
    SELECT s.name FROM unnest($1::int4[]) AS p
    CROSS JOIN LATERAL (
      SELECT name FROM @.streams
      WHERE partition = p AND name >= $2 AND name < $3 AND name > $4 AND seq > 0
      ORDER BY name LIMIT $5) AS s
    ORDER BY s.name LIMIT $5`,
};
const alarmsOf: Statement = {
  name: "alarms",
  text: `
    SELECT name, alarm FROM @.streams
    WHERE partition = $1 AND alarm < $2 AND name <> ALL($3::bytea[])
    ORDER BY alarm, name LIMIT $4`,
};

export class Reader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  async read(
    stream: StreamId,
    from: number | undefined,
    limit: number,
  ): Promise<StreamData | undefined> {
    const { partitions, turns, database, count } = this.#parts;
    const partition = partitionOf(stream, count);
    for (let attempt = 1; attempt <= postgresLimits.readAttempts; attempt++) {
      const seen = await turns.look(partition, () => {
        const memory = partitions.known.get(partition);
        return (
          memory && { memory, batch: memory.owner.lastBatch, tail: tailIn(memory.log, stream) }
        );
      });
      if (seen === undefined) return this.#readFromOutside(partition, stream, from, limit);
      const { memory, batch, tail } = seen;
      const gathered = holdsAll(tail)
        ? undefined
        : await database.read((session) => readGathered(session, partition, stream, from, limit));
      // A commit has moved the tail to the tables meanwhile.
      if (tail !== undefined && !follows(tail, gathered)) continue;
      if (gathered !== undefined && tail === undefined) {
        // Who reads a stream is likely to write to it.
        void turns.look(partition, () => {
          if (memory.owner.lastBatch === batch) memory.rows.set(stream, gathered.row);
        });
      }
      const raw = putTogether(stream, tail, gathered, from);
      return raw && eventsOf(stream, raw, from, limit);
    }
    throw corruptStream(stream, "its tail does not follow what was gathered");
  }

  /** Soonest first. */
  async alarms(partition: number, before: number, limit: number): Promise<readonly Alarm[]> {
    const ask = async (session: Session, log: Log): Promise<readonly Alarm[]> => {
      // Those that go on from what is gathered are awake, and their rows say an old alarm.
      const awake = [...log.tails].filter(([, tail]) => !holdsAll(tail));
      const names = bytes(awake.map(([stream]) => nameBytes(stream)));
      const rows = await session.run(alarmsOf, [partition, before, names, limit]);
      return rows.map((row) => ({ stream: streamOf(row["name"]), at: Number(row["alarm"]) }));
    };
    const { partitions, turns, database } = this.#parts;
    if (!partitions.known.has(partition)) return this.#fromOutside(partition, ask);
    // Alone, so that no stream falls asleep or awakes between the look at the log and at the table.
    return turns.alone([partition], async () => {
      const log = partitions.known.get(partition)?.log;
      if (log === undefined) return this.#fromOutside(partition, ask);
      return database.session((session) => ask(session, log));
    });
  }

  /** What is in a tail is looked for first: from there streams go to the table, never back. */
  async streams(
    prefix: string,
    limit: number,
    after: StreamId | undefined,
  ): Promise<readonly StreamId[]> {
    const { database, count } = this.#parts;
    const most = Math.min(limit, limits.pageRows);
    const all = Array.from({ length: count }, (_, n) => n);
    const found = new Set<StreamId>();
    const outside: number[] = [];
    const note = (names: Iterable<StreamId>): void => {
      for (const name of names) {
        if (name.startsWith(prefix) && (!after || byBytes(after, name) < 0)) found.add(name);
      }
    };
    for (const partition of all) {
      const names = await this.#tailsOf(partition);
      if (names === undefined) outside.push(partition);
      else note(names);
    }
    if (!mayNameRuns(prefix)) note(await begunIn(database, outside));
    else for (const partition of outside) note(await this.#tailsFromOutside(partition));
    const past = Buffer.from(after ?? "");
    const values = [numbers(all), Buffer.from(prefix), endOf(prefix), past, most];
    const gathered = await database.list((session) => session.run(named, values));
    for (const { name } of gathered) found.add(streamOf(name));
    return [...found].toSorted(byBytes).slice(0, most);
  }

  #tailsOf(partition: number): Promise<readonly StreamId[] | undefined> {
    const { partitions, turns } = this.#parts;
    return turns.look(partition, () => {
      const log = partitions.known.get(partition)?.log;
      return log && [...log.tails.keys()];
    });
  }

  #tailsFromOutside(partition: number): Promise<readonly StreamId[]> {
    return this.#fromOutside(partition, (_, log) => Promise.resolve([...log.tails.keys()]));
  }

  #readFromOutside(
    partition: number,
    stream: StreamId,
    from: number | undefined,
    limit: number,
  ): Promise<StreamData | undefined> {
    return this.#fromOutside(partition, async (session, log) => {
      const tail = tailIn(log, stream);
      const gathered = holdsAll(tail)
        ? undefined
        : await readGathered(session, partition, stream, from, limit);
      if (tail !== undefined && !follows(tail, gathered)) {
        throw corruptStream(stream, "its tail does not follow what was gathered");
      }
      const raw = putTogether(stream, tail, gathered, from);
      return raw && eventsOf(stream, raw, from, limit);
    });
  }

  /** With the partition's log as it is in one snapshot of the database. */
  #fromOutside<T>(partition: number, ask: (session: Session, log: Log) => Promise<T>): Promise<T> {
    return this.#parts.database.list((session) =>
      inSnapshot(session, async () => {
        const { log } = await loadPartition(session, await lookAt(session, partition));
        return ask(session, log);
      }),
    );
  }
}

/** The first bytes after all that begin with the prefix; no name begins with 255. */
function endOf(prefix: string): Buffer {
  const end = Buffer.from(prefix === "" ? [254] : prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}

function tailIn(log: Log, stream: StreamId): SeenTail | undefined {
  return seeTail(log.tails.get(stream));
}
