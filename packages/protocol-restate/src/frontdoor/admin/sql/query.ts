/**
 * `POST /query`: the tables that a statement names are filled from the caller's namespace, and a
 * process of its own answers it.
 */
import type { Desk } from "../parts.ts";
import { Bounds } from "./rows/bounds.ts";
import { rowsOf } from "./rows/rows-of.ts";
import type { SqlTable, SqlValue } from "./sql-job.ts";
import type { SqlRunner } from "./sql-runner.ts";
import { statementOf, type Named } from "./statement.ts";
import { tableNamed, type ColumnType } from "./tables.ts";

export interface Answer {
  readonly columns: readonly AnswerColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface AnswerColumn {
  readonly name: string;
  /** Absent: it was computed, and is what its values are. */
  readonly type?: ColumnType;
}

export async function answerQuery(desk: Desk, runner: SqlRunner, sql: string): Promise<Answer> {
  const statement = statementOf(sql);
  const bounds = new Bounds(desk.env);
  const tables: SqlTable[] = [];
  for (const named of statement.tables) tables.push(await filled(desk, named, bounds));
  const { columns, rows } = await runner.run({ sql: statement.sql, tables });
  return {
    columns: columns.map(({ name, table, column }) => {
      const origin = table === null ? undefined : tableNamed(table);
      const type = statement.conditions.has(name)
        ? "bool"
        : origin?.columns.find((one) => one.name === column)?.type;
      return type === undefined ? { name } : { name, type };
    }),
    rows,
  };
}

async function filled(
  desk: Desk,
  { table, filters, columns, enough }: Named,
  bounds: Bounds,
): Promise<SqlTable> {
  const rows = await rowsOf(table.name, {
    desk,
    filters,
    columns,
    bounds,
    ...(enough === undefined ? {} : { enough }),
  });
  const names = table.columns.map(({ name }) => name);
  const needed = names.filter((name) => columns.has(name));
  // Rows are counted even where nothing in them matters.
  const given = needed.length === 0 ? names.slice(0, 1) : needed;
  return {
    name: table.name,
    columns: names,
    given,
    rows: rows.map((row) => given.map((name) => row[name] ?? null)),
  };
}
