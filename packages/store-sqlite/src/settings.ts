/** What is fixed when a file is made. */
import type { DatabaseSync } from "node:sqlite";
import { limits, PerdureError } from "@perdure/kernel";
import { placeError, type Place } from "@perdure/store";

const DEFAULT_PARTITIONS = 64;

/** The file's count of partitions: the one asked for when it is new. */
export function settlePartitions(db: DatabaseSync, path: string, asked?: number): number {
  const found = db.prepare("SELECT value FROM settings WHERE name = 'partitions'").get()?.["value"];
  if (found === undefined) {
    const partitions = asked ?? DEFAULT_PARTITIONS;
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > limits.partitions) {
      throw new PerdureError(
        "invalid-argument",
        `A store has 1 to ${limits.partitions} partitions, not ${partitions}.`,
      );
    }
    db.prepare("INSERT INTO settings (name, value) VALUES ('partitions', ?)").run(partitions);
    return partitions;
  }
  if (asked !== undefined && asked !== found) {
    throw new PerdureError(
      "invalid-argument",
      `${path} was made with ${Number(found)} partitions and keeps them. Leave the option out, ` +
        `or move the data to a new store with ${asked}.`,
    );
  }
  return Number(found);
}

/** The place that the file has; `wanted` where it has none and nobody has used it. */
export function settlePlace(
  db: DatabaseSync,
  path: string,
  wanted: Place | undefined,
  isUsed: boolean,
): Place | undefined {
  const found = db.prepare('SELECT cluster, "index", databases FROM place').get();
  if (found !== undefined) {
    return {
      cluster: String(found["cluster"]),
      index: Number(found["index"]),
      databases: Number(found["databases"]),
    };
  }
  if (wanted === undefined) return undefined;
  if (isUsed) throw placeError(path);
  const { cluster, index, databases } = wanted;
  const insert = 'INSERT INTO place (cluster, "index", databases) VALUES (?, ?, ?)';
  db.prepare(insert).run(cluster, index, databases);
  return wanted;
}
