/** Lists and searches. The text of a query is put together from fixed parts; all else is bound. */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { limits, type Json } from "@perdure/kernel";
import {
  canonical,
  decodeCursor,
  firstPage,
  pageLimit,
  type OpenRuns,
  type Page,
  type Query,
} from "@perdure/store";
import { RUN_COLUMNS, toIndexRow, type RunRow } from "./run-table.ts";

type Filter = Omit<Query, "limit" | "cursor">;

interface Where {
  readonly parts: string[];
  readonly values: SQLInputValue[];
}

export function search(db: DatabaseSync, query: Query): Page {
  const { parts, values } = where(query);
  if (query.cursor !== undefined) {
    const { startedAt, runId } = decodeCursor(query.cursor);
    parts.push("(started_at, run_id) < (?, ?)");
    values.push(startedAt, runId);
  }
  const limit = pageLimit(query);
  const found = db
    .prepare(
      `SELECT ${RUN_COLUMNS} FROM runs WHERE ${parts.join(" AND ")}
       ORDER BY started_at DESC, run_id DESC LIMIT ?`,
    )
    .all(...values, limit + 1)
    .map((row) => toIndexRow(row as unknown as RunRow));
  return firstPage(found, limit);
}

export function count(db: DatabaseSync, filter: Filter): number {
  const { parts, values } = where(filter);
  const sql = `SELECT count(*) AS n FROM runs WHERE ${parts.join(" AND ")}`;
  return Number(db.prepare(sql).get(...values)?.["n"] ?? 0);
}

/** By the index of open runs alone. */
export function versions(db: DatabaseSync, namespace: string): readonly OpenRuns[] {
  const sql = `SELECT workflow, version, count(*) AS n FROM runs
     WHERE namespace = ? AND status IN ('open', 'paused')
     GROUP BY workflow, version ORDER BY workflow, version LIMIT ?`;
  return db
    .prepare(sql)
    .all(namespace, limits.pageRows)
    .map((row) => {
      const { workflow, version, n } = row as unknown as OpenRow;
      return { workflow, ...(version === null ? {} : { version }), open: n };
    });
}

interface OpenRow {
  readonly workflow: string;
  readonly version: string | null;
  readonly n: number;
}

function where(filter: Filter): Where {
  const found: Where = { parts: ["namespace = ?"], values: [filter.namespace] };
  const add = (part: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    found.parts.push(part);
    found.values.push(value);
  };
  add("status IN (SELECT value FROM json_each(?))", filter.status && JSON.stringify(filter.status));
  add("workflow = ?", filter.workflow);
  add("key = ?", filter.key);
  add("parent = ?", filter.parent);
  add("version = ?", filter.version);
  add("started_at > ?", filter.startedAfter);
  add("started_at < ?", filter.startedBefore);
  for (const [name, value] of Object.entries(filter.attributes ?? {})) {
    const [test, bound] = equals(value);
    found.parts.push(
      `EXISTS (SELECT 1 FROM json_each(runs.attributes) AS a WHERE a.key = ? AND ${test})`,
    );
    found.values.push(name, ...bound);
  }
  return found;
}

/** JSON equality: of the same type and value. Lists and objects compare by their canonical text. */
function equals(value: Json): readonly [test: string, bound: readonly SQLInputValue[]] {
  if (value === null) return ["a.type = 'null'", []];
  switch (typeof value) {
    case "boolean":
      return ["a.type = ?", [value ? "true" : "false"]];
    case "string":
      return ["a.type = 'text' AND a.value = ?", [value]];
    case "number":
      return ["a.type IN ('integer', 'real') AND a.value = ?", [value]];
    default:
      return ["a.type IN ('array', 'object') AND a.value = ?", [canonical(value)]];
  }
}
