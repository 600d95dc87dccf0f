/**
 * One question in SQL, as far as it has to be understood before SQLite does: which tables it names,
 * which of their columns it needs, which rows of them it cannot do without, and how SQLite spells
 * what DataFusion spells otherwise.
 *
 * Q1  What is not certain is not used: a table is read whole rather than one row too few.
 */
import { PerdureError } from "@perdure/kernel";
import { restateLimits } from "../../../limits.ts";
import { filtersOf, type Filters } from "./filters.ts";
import { itemsOf } from "./items.ts";
import { enoughOf, type Enough } from "./newest.ts";
import { scopesOf, type Scope } from "./scopes.ts";
import { tables, type Table } from "./tables.ts";
import { depthsOf, isSign, tokensOf, type Token } from "./tokens.ts";

export interface Named {
  readonly table: Table;
  readonly filters: Filters;
  /** Those whose values the answer may depend on. */
  readonly columns: ReadonlySet<string>;
  /** Absent: all rows may matter. */
  readonly enough?: Enough;
}

export interface Statement {
  /** For SQLite. */
  readonly sql: string;
  readonly tables: readonly Named[];
  /** Columns of the answer that are conditions: SQLite knows only 0 and 1. */
  readonly conditions: ReadonlySet<string>;
}

/** Throws `invalid-argument` at what is no single question. */
export function statementOf(text: string): Statement {
  if (text.length > restateLimits.sqlChars) throw tooLong();
  const tokens = single(tokensOf(text));
  const [first] = tokens;
  if (first === undefined) throw refusal("The query is empty: write a SELECT.");
  if (first.word !== "SELECT" && first.word !== "WITH") {
    throw refusal(`Only SELECT is answered, not "${first.text.slice(0, 40)}": nothing is changed.`);
  }
  checkSpelling(tokens);
  const depths = depthsOf(tokens);
  const scopes = scopesOf(tokens, depths);
  const items = itemsOf(tokens, depths, text);
  return {
    sql: spelled(text, tokens, scopes),
    tables: named(tokens, scopes, items.hasStar),
    conditions: items.conditions,
  };
}

/** A semicolon may end it, and nothing may follow. */
function single(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.findLastIndex((token) => !isSign(token, ";"));
  const own = tokens.slice(0, last + 1);
  if (!own.some((token) => isSign(token, ";"))) return own;
  throw refusal("The query has several statements: send them one by one.");
}

/** What DataFusion has and is not translated; SQLite's own words about it would be no help. */
function checkSpelling(tokens: readonly Token[]): void {
  for (const [at, token] of tokens.entries()) {
    if (isSign(token, "::")) throw refusal('Write CAST(… AS …) in place of "::".');
    if (token.word === "RECURSIVE") throw refusal("A query that calls itself is not answered.");
    if (token.word === "INTERVAL" && tokens[at + 1]?.type === "string") {
      throw refusal("Write the moment itself (as in created_at > '2026-01-31T10:00:00.000Z').");
    }
  }
}

function named(
  tokens: readonly Token[],
  scopes: readonly Scope[],
  hasStar: boolean,
): readonly Named[] {
  const all = scopes.flatMap(({ sources }) => sources);
  const found = new Map<Table, number>();
  for (const { table } of all) found.set(table, (found.get(table) ?? 0) + 1);
  const mentioned = new Set(
    tokens.filter(({ type }) => type !== "string").map(({ text }) => text.toLowerCase()),
  );
  const isWhole = hasStar || WHOLE.some((word) => tokens.some((token) => token.word === word));
  return [...found].map(([table, times]) => ({
    table,
    filters: times === 1 ? filtersOf(table, scopes) : {},
    ...enough(times === 1 ? enoughOf(table, scopes, tokens) : undefined),
    columns: new Set(
      table.columns.map(({ name }) => name).filter((name) => isWhole || mentioned.has(name)),
    ),
  }));
}

function enough(found: Enough | undefined): Pick<Named, "enough"> {
  return found === undefined ? {} : { enough: found };
}

/** Where these stand, a row counts as a whole, whatever columns are named. */
const WHOLE = ["DISTINCT", "UNION", "INTERSECT", "EXCEPT", "NATURAL"];

/** The text with its changes put in, from the last to the first so that places stay right. */
function spelled(text: string, tokens: readonly Token[], scopes: readonly Scope[]): string {
  const changes = [...words(tokens), ...scopes.flatMap(aliasOf)];
  let sql = text.slice(0, tokens.at(-1)?.to ?? 0);
  for (const { from, to, by } of changes.toSorted((a, b) => b.from - a.from)) {
    sql = sql.slice(0, from) + by + sql.slice(to);
  }
  return sql;
}

interface Change {
  readonly from: number;
  readonly to: number;
  readonly by: string;
}

function words(tokens: readonly Token[]): readonly Change[] {
  return tokens.flatMap((token, at): readonly Change[] => {
    const { word, from, to } = token;
    const next = tokens[at + 1];
    const after = tokens[at + 2];
    // A column's name here, a word of its own in SQLite.
    if (word === "INDEX") return [{ from, to, by: '"index"' }];
    if (word === "ILIKE") return [{ from, to, by: "MATCH" }];
    if (!isSign(next, ".") || after === undefined || isSign(tokens[at - 1], ".")) return [];
    if (word === "INFORMATION_SCHEMA") return [{ from, to: after.from, by: "information_schema_" }];
    if (word === "PUBLIC") return [{ from, to: after.from, by: "" }];
    return [];
  });
}

/** Restate's tools name the table inside of a subquery from outside of it. */
function aliasOf({ opens, sources, bare }: Scope): readonly Change[] {
  const [only] = sources;
  if (opens === undefined || !bare || only === undefined || sources.length > 1) return [];
  return [{ from: opens.end, to: opens.end, by: ` AS ${only.alias}` }];
}

function tooLong(): PerdureError {
  const text = `The query is longer than ${restateLimits.sqlChars} characters: ask less at once.`;
  return new PerdureError("limit-exceeded", text);
}

export function refusal(text: string): PerdureError {
  return new PerdureError("invalid-argument", text);
}

/** What SQLite says of a table that is not there, with those that are. */
export function unknownTable(name: string): PerdureError {
  const known = tables.map((one) => one.name).join(", ");
  return refusal(`There is no table ${name.slice(0, 100)}. There are ${known}.`);
}
