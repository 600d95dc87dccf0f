/** Index rows of runs: what lists and searches read. */
import type { Json, JsonObject, RunId } from "@perdure/kernel";
import { canonical, type IndexRow, type RunStatus } from "@perdure/store";
import { numbers, texts } from "../arrays.ts";
import type { Call, Row, Statement } from "../database.ts";
import { textIn, toText } from "../text.ts";

export const RUN_COLUMNS: string =
  "run_id, namespace, workflow, queue, key, key_kind, status, started_at, closed_at, parent, " +
  "attributes, events, expires_at, version";

/** Lists of lists must be of one length, so a run's attributes come as one JSON text. */
const put: Statement = {
  name: "put_runs",
  text: `
    INSERT INTO @.runs (partition, ${RUN_COLUMNS})
    SELECT partition, run_id, namespace, workflow, queue, key, key_kind, status, started_at,
      closed_at, parent, ARRAY(SELECT json_array_elements_text(attributes::json)), events,
      expires_at, version
    FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::text[], $9::float8[], $10::float8[], $11::text[], $12::text[], $13::int8[],
        $14::float8[], $15::text[])
      AS n(partition, ${RUN_COLUMNS})
    ON CONFLICT (partition, run_id) DO UPDATE SET
      namespace = excluded.namespace, workflow = excluded.workflow, queue = excluded.queue,
      key = excluded.key, key_kind = excluded.key_kind, status = excluded.status,
      started_at = excluded.started_at, closed_at = excluded.closed_at, parent = excluded.parent,
      attributes = excluded.attributes, events = excluded.events,
      expires_at = excluded.expires_at, version = excluded.version`,
};

export interface RunEntry {
  readonly partition: number;
  readonly row: IndexRow;
}

export function putRuns(entries: readonly RunEntry[]): Call {
  const text = (value: (row: IndexRow) => string | undefined): Buffer =>
    texts(
      entries.map(({ row }) => {
        const found = value(row);
        return found === undefined ? undefined : toText(found);
      }),
    );
  const number = (value: (row: IndexRow) => number | undefined): string =>
    numbers(entries.map(({ row }) => value(row)));
  return {
    statement: put,
    values: [
      numbers(entries.map(({ partition }) => partition)),
      text(({ runId }) => runId),
      text(({ namespace }) => namespace),
      text(({ workflow }) => workflow),
      text(({ queue }) => queue),
      text(({ key }) => key),
      text(({ keyKind }) => keyKind),
      text(({ status }) => status),
      number(({ startedAt }) => startedAt),
      number(({ closedAt }) => closedAt),
      text(({ parent }) => parent),
      text(({ attributes }) => JSON.stringify(Object.entries(attributes).map(attribute))),
      number(({ events }) => events),
      number(({ expiresAt }) => expiresAt),
      text(({ version }) => version),
    ],
  };
}

/** Equal texts are equal names and equal JSON values. U+0000 is written as an escape in JSON. */
export function attribute([name, value]: readonly [string, Json]): string {
  return `${JSON.stringify(name)}:${canonical(value)}`;
}

const drop: Statement = {
  name: "forget_runs",
  text: `
    DELETE FROM @.runs AS r USING unnest($1::int4[], $2::text[]) AS n(partition, run_id)
    WHERE r.partition = n.partition AND r.run_id = n.run_id`,
};

export function dropRuns(
  runs: readonly { readonly partition: number; readonly runId: RunId }[],
): Call {
  return {
    statement: drop,
    values: [
      numbers(runs.map(({ partition }) => partition)),
      texts(runs.map(({ runId }) => toText(runId))),
    ],
  };
}

export function toIndexRow(row: Row): IndexRow {
  const text = (name: string): string => textIn(row, name);
  const has = (name: string): boolean => row[name] !== null;
  const attributes = JSON.parse(`{${(row["attributes"] as string[]).join()}}`) as JsonObject;
  return {
    runId: text("run_id") as RunId,
    namespace: text("namespace"),
    workflow: text("workflow"),
    queue: text("queue"),
    ...(has("key") && { key: text("key") }),
    ...(has("key_kind") && { keyKind: text("key_kind") }),
    status: text("status") as RunStatus,
    startedAt: Number(row["started_at"]),
    ...(has("closed_at") && { closedAt: Number(row["closed_at"]) }),
    ...(has("parent") && { parent: text("parent") as RunId }),
    attributes,
    events: Number(row["events"]),
    ...(has("expires_at") && { expiresAt: Number(row["expires_at"]) }),
    ...(has("version") && { version: text("version") }),
  };
}
