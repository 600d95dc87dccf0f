/** Lists and searches. The text of a query is put together from fixed parts; all else is bound. */
import { limits } from "@perdure/kernel";
import {
  decodeCursor,
  firstPage,
  pageLimit,
  type OpenRuns,
  type Page,
  type Query,
} from "@perdure/store";
import { texts } from "./arrays.ts";
import type { Row, Statement, Value } from "./database.ts";
import { attribute, RUN_COLUMNS, toIndexRow } from "./tables/runs.ts";
import { textIn, toText } from "./text.ts";

type Filter = Omit<Query, "limit" | "cursor">;
type Ask = (statement: Statement, values: readonly Value[]) => Promise<readonly Row[]>;

/** There are as many texts as there are combinations of conditions. */
const statements = new Map<string, Statement>();

function statementOf(name: string, text: string): Statement {
  const known = statements.get(text) ?? { name, text };
  statements.set(text, known);
  return known;
}

/** The parts of a condition, and what is bound to them. */
class Where {
  readonly values: Value[] = [];
  readonly #parts: string[] = [];

  /** `?` stands for the value; undefined: it may be anything. */
  add(part: string, value: Value | undefined): void {
    if (value !== undefined) this.also(part.replace("?", this.bind(value)));
  }

  also(part: string): void {
    this.#parts.push(part);
  }

  /** A place for the value in the text. */
  bind(value: Value): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  get text(): string {
    return this.#parts.join(" AND ");
  }
}

export async function search(ask: Ask, query: Query): Promise<Page> {
  const found = where(query);
  if (query.cursor !== undefined) {
    const { startedAt, runId } = decodeCursor(query.cursor);
    const [at, id] = [found.bind(startedAt), found.bind(toText(runId))];
    found.also(`(started_at, run_id) < (${at}::float8, ${id}::text)`);
  }
  const limit = pageLimit(query);
  const text = `SELECT ${RUN_COLUMNS} FROM @.runs WHERE ${found.text}
    ORDER BY started_at DESC, run_id DESC LIMIT ${found.bind(limit + 1)}`;
  const rows = (await ask(statementOf("search", text), found.values)).map(toIndexRow);
  return firstPage(rows, limit);
}

export async function count(ask: Ask, filter: Filter): Promise<number> {
  const found = where(filter);
  const text = `SELECT count(*) AS n FROM @.runs WHERE ${found.text}`;
  const [row] = await ask(statementOf("count", text), found.values);
  return Number(row?.["n"] ?? 0);
}

const openRuns: Statement = {
  name: "open_runs",
  text: `
    SELECT workflow, version, count(*) AS n FROM @.runs
    WHERE namespace = $1 AND status IN ('open', 'paused')
    GROUP BY workflow, version ORDER BY workflow, version NULLS FIRST LIMIT $2`,
};

/** By the index of open runs alone. */
export async function versions(ask: Ask, namespace: string): Promise<readonly OpenRuns[]> {
  const rows = await ask(openRuns, [toText(namespace), limits.pageRows]);
  return rows.map((row) => ({
    workflow: textIn(row, "workflow"),
    ...(row["version"] !== null && { version: textIn(row, "version") }),
    open: Number(row["n"]),
  }));
}

function where(filter: Filter): Where {
  const found = new Where();
  const text = (value: string | undefined): string | undefined => value && toText(value);
  found.add("namespace = ?", toText(filter.namespace));
  found.add("status = ANY(?::text[])", filter.status && texts(filter.status));
  found.add("workflow = ?", text(filter.workflow));
  found.add("key = ?", text(filter.key));
  found.add("parent = ?", text(filter.parent));
  found.add("version = ?", text(filter.version));
  found.add("started_at > ?::float8", filter.startedAfter);
  found.add("started_at < ?::float8", filter.startedBefore);
  const wanted = Object.entries(filter.attributes ?? {}).map(attribute);
  if (wanted.length > 0) found.add("attributes @> ?::text[]", texts(wanted));
  return found;
}
