/**
 * How many rows of a table are enough: of `… ORDER BY created_at DESC LIMIT n` the newest n, and of
 * `(SELECT * FROM t LIMIT n)` any n. So that a look at the newest costs no more the more there are.
 *
 * It is told only where every row that the filters leave is one that the statement leaves (Q1).
 */
import { filtersOf, isExact, type Filters } from "./filters.ts";
import type { Scope } from "./scopes.ts";
import type { Table } from "./tables.ts";
import { isSign, type Token } from "./tokens.ts";

export interface Enough {
  readonly count: number;
  /** By when they were created; otherwise any will do. */
  readonly isNewest: boolean;
}

export function enoughOf(
  table: Table,
  scopes: readonly Scope[],
  tokens: readonly Token[],
): Enough | undefined {
  const own = scopes.filter(({ sources }) => sources.some((source) => source.table === table));
  const [scope] = own;
  if (own.length !== 1 || scope === undefined || scope.isMixed || scope.sources.length > 1) {
    return undefined;
  }
  if (scope.isPlain) return anyOf(scope);
  return scopes.length === 1 ? newestOf(scope, tokens, filtersOf(table, scopes)) : undefined;
}

function anyOf({ opens, after }: Scope): Enough | undefined {
  const [first, count] = after;
  if (opens === undefined || first?.word !== "LIMIT" || count === undefined) return undefined;
  return { count: Number(count.text), isNewest: false };
}

/** `[alias.]created_at DESC[, [alias.]id] LIMIT n`, behind columns that are nothing but columns. */
function newestOf(scope: Scope, tokens: readonly Token[], filters: Filters): Enough | undefined {
  const from = tokens.findIndex(({ word }) => word === "FROM");
  const items = tokens.slice(0, from);
  const isPlain = items.every(({ word, text }) => word !== "DISTINCT" && text !== "(");
  if (!isPlain || !isExact(scope, filters)) return undefined;
  const [source] = scope.sources;
  const alias = source?.alias.toUpperCase();
  const words = scope.after
    .filter((token, at) => !isAliasAt(scope.after, at, alias) && !isSign(token, "."))
    .map(({ word, text }) => (word === "" ? text : word))
    .join(" ");
  const count = /^ORDER BY CREATED_AT DESC(?: , ID(?: ASC| DESC)?)? LIMIT (\d{1,7})$/.exec(
    words,
  )?.[1];
  return count === undefined ? undefined : { count: Number(count), isNewest: true };
}

function isAliasAt(tokens: readonly Token[], at: number, alias: string | undefined): boolean {
  return tokens[at]?.word === alias && isSign(tokens[at + 1], ".");
}
