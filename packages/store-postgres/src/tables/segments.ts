/** What segments say of the streams that begin in them, without being read. */
import type { StreamId } from "@perdure/kernel";
import { bytes, numbers } from "../arrays.ts";
import { decodeBegun } from "../begun.ts";
import type { Database, Statement } from "../database.ts";
import { nameBytes, streamOf } from "./streams.ts";

const begun: Statement = {
  name: "begun_streams",
  text: `
    SELECT partition, begun FROM @.segments
    WHERE partition = ANY($1::int4[]) AND begun IS NOT NULL`,
};
const forgotten: Statement = {
  name: "forgotten_streams",
  text: `
    SELECT s.name, s.position FROM unnest($1::int4[], $2::bytea[]) AS n(partition, name)
    JOIN @.streams AS s ON s.partition = n.partition AND s.name = n.name
    WHERE s.seq = 0`,
};

/** But for runs, and for those that were forgotten since. */
export async function begunIn(
  database: Database,
  partitions: readonly number[],
): Promise<Iterable<StreamId>> {
  if (partitions.length === 0) return [];
  const found = new Map<StreamId, { readonly partition: number; readonly batch: number }>();
  const values = [numbers(partitions)];
  for (const row of await database.list((session) => session.run(begun, values))) {
    const partition = Number(row["partition"]);
    for (const { stream, batch } of decodeBegun(row["begun"] as Buffer)) {
      if ((found.get(stream)?.batch ?? 0) < batch) found.set(stream, { partition, batch });
    }
  }
  const homes = numbers([...found.values()].map(({ partition }) => partition));
  const names = bytes([...found.keys()].map(nameBytes));
  const asked = [homes, names];
  for (const row of await database.list((session) => session.run(forgotten, asked))) {
    const stream = streamOf(row["name"]);
    if (Number(row["position"]) >= (found.get(stream)?.batch ?? 0)) found.delete(stream);
  }
  return found.keys();
}
