/** Forgets settled runs whose row has expired, the longest expired first. */
import { runStream, type RunId, type StreamId } from "@perdure/kernel";
import { bytes, numbers } from "./arrays.ts";
import type { Turns } from "./commit/turns.ts";
import { Writing } from "./commit/writing.ts";
import type { Database, Row, Statement } from "./database.ts";
import type { Partitions } from "./partitions.ts";
import { nameBytes } from "./tables/streams.ts";
import { textIn, toText } from "./text.ts";

export interface PruneParts {
  readonly database: Database;
  readonly partitions: Partitions;
  readonly turns: Turns;
  /** No transaction touches two partitions. */
  readonly isApart: boolean;
}

interface Expired {
  readonly partition: number;
  readonly runId: string;
  readonly expiresAt: number;
}

/** From a place in the order on, so that runs which are not settled are passed by. */
const expired: Statement = {
  name: "expired_runs",
  text: `
    SELECT partition, run_id, expires_at FROM @.runs
    WHERE expires_at < $1 AND partition = ANY($2::int4[])
      AND (expires_at, run_id) > ($3::float8, $4::text)
    ORDER BY expires_at, run_id LIMIT $5`,
};
/** In the table, but only since the log had become too long. */
const unsettled: Statement = {
  name: "unsettled_streams",
  text: `
    SELECT s.name FROM unnest($1::int4[], $2::bytea[]) AS n(partition, name)
    JOIN @.streams AS s ON s.partition = n.partition AND s.name = n.name
    WHERE NOT s.settled`,
};

export async function prune(
  parts: PruneParts,
  now: number,
  limit: number,
  partitions: readonly number[],
): Promise<readonly StreamId[]> {
  if (limit < 1 || partitions.length === 0) return [];
  const pruned: StreamId[] = [];
  let after: Expired = { partition: 0, runId: "", expiresAt: -Infinity };
  for (;;) {
    const most = limit - pruned.length;
    const { expiresAt, runId } = after;
    const values = [now, numbers(partitions), expiresAt, toText(runId), most];
    const found = (await parts.database.run(expired, values)).map(toExpired);
    const last = found.at(-1);
    if (last === undefined) return pruned;
    after = last;
    const groups = parts.isApart
      ? Map.groupBy(found, ({ partition }) => partition).values()
      : [found];
    for (const group of groups) pruned.push(...(await forgetSettled(parts, group)));
    if (pruned.length >= limit || found.length < most) return pruned;
  }
}

async function forgetSettled(
  { database, partitions, turns }: PruneParts,
  found: readonly Expired[],
): Promise<readonly StreamId[]> {
  const numbersOf = [...new Set(found.map(({ partition }) => partition))];
  return turns.alone(numbersOf, async () => {
    const names = found.map(({ runId }) => nameBytes(runStream(runId as RunId)));
    const places = numbers(found.map(({ partition }) => partition));
    const awake = await database.run(unsettled, [places, bytes(names)]);
    const open = new Set(awake.map(({ name }) => String(name as Buffer)));
    const writing = new Writing();
    const forgotten: StreamId[] = [];
    for (const { partition, runId } of found) {
      const epoch = partitions.epochOf(partition);
      const memory = epoch === undefined ? undefined : await partitions.get(partition, epoch);
      const stream = runStream(runId as RunId);
      const isSettled = memory?.log.tails.has(stream) === false && !open.has(stream);
      if (memory === undefined || !isSettled) continue;
      writing.share(memory);
      writing.changes.forget(memory, stream, undefined, memory.owner.lastBatch);
      forgotten.push(stream);
    }
    if (forgotten.length > 0) await partitions.write(writing, numbersOf);
    return forgotten;
  });
}

function toExpired(row: Row): Expired {
  return {
    partition: Number(row["partition"]),
    runId: textIn(row, "run_id"),
    expiresAt: Number(row["expires_at"]),
  };
}
