/** An answer as JSON, as Restate writes it: what is null is left out, bytes are hexadecimal. */
import type { Answer, AnswerColumn } from "./query.ts";
import type { SqlValue } from "./sql-job.ts";

export function jsonAnswer({ columns, rows }: Answer): string {
  const lines = rows.map((row) => {
    const fields = columns.flatMap((column, at) => {
      const value = row[at] ?? null;
      return value === null ? [] : [`${JSON.stringify(column.name)}:${textOf(column, value)}`];
    });
    return `{${fields.join(",")}}`;
  });
  return `{"rows":[${lines.join(",")}]}`;
}

function textOf({ type }: AnswerColumn, value: NonNullable<SqlValue>): string {
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("hex")}"`;
  if (type === "bool") return value === 0 ? "false" : "true";
  if (type === "list" && typeof value === "string") return value;
  // A number that is too large for JSON's readers is written all the same.
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
