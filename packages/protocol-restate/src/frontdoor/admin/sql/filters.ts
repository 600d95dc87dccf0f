/**
 * What a WHERE says that every row of a table must be, so that other rows need not be read. It only
 * ever leaves out what the WHERE would leave out too (Q1).
 */
import type { Scope, Source } from "./scopes.ts";
import type { Table } from "./tables.ts";
import { isSign, type Token } from "./tokens.ts";

/** By column. */
export type Filters = Readonly<Record<string, Filter>>;

/** The values that it may have, or those that it must not. */
export interface Filter {
  readonly isOne?: ReadonlySet<string>;
  readonly isNone?: ReadonlySet<string>;
}

export function filtersOf(table: Table, scopes: readonly Scope[]): Filters {
  const found: Record<string, Filter> = {};
  for (const scope of scopes) {
    const source = scope.sources.find((one) => one.table === table);
    if (source === undefined) continue;
    const isOnly = scope.sources.length === 1 && !scope.isMixed;
    for (const terms of [...termsOf(scope), ...outerTerms(scope, isOnly, scopes)]) {
      const term = filterOf(terms, source, isOnly);
      if (term === undefined) continue;
      const { column, filter } = term;
      found[column] = both(found[column], filter);
    }
  }
  return found;
}

/** Of `(SELECT * FROM t LIMIT n) WHERE …`: any n rows of the table are as good as any others. */
function outerTerms(
  { opens, isPlain }: Scope,
  isOnly: boolean,
  scopes: readonly Scope[],
): readonly (readonly Token[])[] {
  const outer = opens === undefined ? undefined : scopes[opens.outer];
  if (outer === undefined || !isPlain || !isOnly || outer.sources.length > 0) return [];
  const inner = scopes.filter((one) => one.opens?.outer === opens?.outer);
  return inner.length === 1 ? termsOf(outer) : [];
}

/** What a WHERE joins by AND; nothing, where it is not that simple. */
function termsOf({ where, depths }: Scope): readonly (readonly Token[])[] {
  const isHard = where.some(
    ({ word }, at) => depths[at] === 0 && (word === "OR" || word === "BETWEEN" || word === "CASE"),
  );
  if (isHard || where.length === 0) return [];
  const terms: Token[][] = [[]];
  for (const [at, token] of where.entries()) {
    if (token.word === "AND" && depths[at] === 0) terms.push([]);
    else terms.at(-1)?.push(token);
  }
  return terms;
}

/** Columns that are known of every row before it is read, so that no row comes that has others. */
const KNOWN = new Set([
  "target",
  "target_service_name",
  "target_service_key",
  "target_handler_name",
]);
/** All others are told apart only when the invocation is looked at. */
const PLAIN_STATUS = new Set(["completed", "paused"]);

/** Do the filters say all that the WHERE says, of what is known before a row is read? */
export function isExact(scope: Scope, filters: Filters): boolean {
  const terms = termsOf(scope);
  const [source] = scope.sources;
  if (scope.where.length > 0 && terms.length === 0) return false;
  if (source === undefined || !terms.every((term) => filterOf(term, source, true))) return false;
  return Object.entries(filters).every(([column, { isOne, isNone }]) => {
    if (KNOWN.has(column)) return true;
    const values = [...(isOne ?? []), ...(isNone ?? [])];
    return column === "status" && values.every((value) => PLAIN_STATUS.has(value));
  });
}

interface Term {
  readonly column: string;
  readonly filter: Filter;
}

/** `[alias.]column` and then `= 'x'`, `!= 'x'`, `IN ('x', …)` or `NOT IN ('x', …)`. */
function filterOf(
  terms: readonly Token[],
  { table, alias }: Source,
  isOnly: boolean,
): Term | undefined {
  const isQualified = isSign(terms[1], ".");
  if (isQualified ? !isName(terms[0], alias) : !isOnly) return undefined;
  const [name, ...rest] = isQualified ? terms.slice(2) : terms;
  const column = table.columns.find((one) => isName(name, one.name))?.name;
  if (column === undefined) return undefined;
  const filter = conditionOf(rest);
  return filter && { column, filter };
}

function isName(token: Token | undefined, name: string): boolean {
  const isOne = token?.type === "word" || token?.type === "quoted";
  return isOne && token.text.toLowerCase() === name.toLowerCase();
}

function conditionOf(rest: readonly Token[]): Filter | undefined {
  const [first, second] = rest;
  if (rest.length === 2 && second?.type === "string") {
    if (isSign(first, "=") || isSign(first, "==")) return { isOne: new Set([second.text]) };
    if (isSign(first, "!=") || isSign(first, "<>")) return { isNone: new Set([second.text]) };
    return undefined;
  }
  if (first?.word === "IN") return listOf(rest.slice(1), "isOne");
  if (first?.word === "NOT" && second?.word === "IN") return listOf(rest.slice(2), "isNone");
  return undefined;
}

function listOf(rest: readonly Token[], as: keyof Filter): Filter | undefined {
  const inner = rest.slice(1, -1);
  const isList =
    isSign(rest[0], "(") &&
    isSign(rest.at(-1), ")") &&
    inner.length % 2 === 1 &&
    inner.every((token, at) => (at % 2 === 0 ? token.type === "string" : isSign(token, ",")));
  if (!isList) return undefined;
  return { [as]: new Set(inner.filter((_, at) => at % 2 === 0).map(({ text }) => text)) };
}

function both(a: Filter | undefined, b: Filter): Filter {
  if (a === undefined) return b;
  const { isOne } = a;
  const one =
    isOne === undefined || b.isOne === undefined
      ? (isOne ?? b.isOne)
      : new Set([...isOne].filter((value) => b.isOne?.has(value)));
  const none = new Set([...(a.isNone ?? []), ...(b.isNone ?? [])]);
  return {
    ...(one === undefined ? {} : { isOne: one }),
    ...(none.size === 0 ? {} : { isNone: none }),
  };
}

export function passes(filter: Filter | undefined, value: string | undefined): boolean {
  if (filter === undefined) return true;
  if (value === undefined) return false;
  return filter.isOne?.has(value) !== false && filter.isNone?.has(value) !== true;
}
