/** What is fixed when a store is made. */
import { limits, PerdureError } from "@perdure/kernel";
import { placeError, type Place } from "@perdure/store";
import { numbers } from "./arrays.ts";
import type { Database, Row, Session, Statement } from "./database.ts";
import { textIn, toText } from "./text.ts";

const DEFAULT_PARTITIONS = 24;

const read: Statement = {
  name: "read_setting",
  text: "SELECT value FROM @.settings WHERE name = $1",
};
const write: Statement = {
  name: "write_setting",
  text: "INSERT INTO @.settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
};
const addPartitions: Statement = {
  name: "add_partitions",
  text: `
    INSERT INTO @.partitions (partition, epoch, incarnation, last_batch)
    SELECT n, 0, 0, 0 FROM unnest($1::int4[]) AS n
    ON CONFLICT (partition) DO NOTHING`,
};
const isUsed: Statement = {
  name: "is_used",
  text: "SELECT 1 FROM @.partitions WHERE epoch > 0 LIMIT 1",
};

/** The store's count of partitions: the one asked for when it is new. */
export async function settlePartitions(database: Database, asked?: number): Promise<number> {
  const wanted = asked ?? DEFAULT_PARTITIONS;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > limits.partitions) {
    throw new PerdureError(
      "invalid-argument",
      `A store has 1 to ${limits.partitions} partitions, not ${wanted}.`,
    );
  }
  const partitions = Number(
    (await setting(database, "partitions")) ?? (await makePartitions(database, wanted)),
  );
  if (asked === undefined || asked === partitions) return partitions;
  throw new PerdureError(
    "invalid-argument",
    `${database.shown} was made with ${partitions} partitions and keeps them. Leave the option ` +
      `out, or move the data to a new store with ${asked}.`,
  );
}

/** The place that the store has; `wanted` where it has none and nobody has used it. */
export function settlePlace(
  database: Database,
  wanted: Place | undefined,
): Promise<Place | undefined> {
  return database.session(async (session) => {
    const known = toPlace((await session.run(read, ["place"]))[0]);
    if (known !== undefined || wanted === undefined) return known;
    if ((await session.run(isUsed)).length > 0) throw placeError(database.shown);
    const { cluster, index, databases } = wanted;
    await session.run(write, ["place", toText(JSON.stringify([cluster, index, databases]))]);
    return toPlace((await session.run(read, ["place"]))[0]);
  });
}

async function makePartitions(database: Database, wanted: number): Promise<unknown> {
  return database.session(async (session: Session) => {
    await session.command("BEGIN");
    await session.run(write, ["partitions", String(wanted)]);
    const [row] = await session.run(read, ["partitions"]);
    const count = Number(row?.["value"]);
    await session.run(addPartitions, [numbers(Array.from({ length: count }, (_, n) => n))]);
    await session.commit();
    return count;
  });
}

async function setting(database: Database, name: string): Promise<unknown> {
  return (await database.run(read, [name]))[0]?.["value"];
}

function toPlace(row: Row | undefined): Place | undefined {
  if (row === undefined) return undefined;
  const [cluster, index, databases] = JSON.parse(textIn(row, "value")) as [string, number, number];
  return { cluster, index, databases };
}
