/** The SELECTs of a statement, each with the tables that its FROM names. */
import { tableNamed, type Table } from "./tables.ts";
import { isSign, type Token } from "./tokens.ts";

export interface Source {
  readonly table: Table;
  /** The table's name where it was given no other. */
  readonly alias: string;
}

export interface Scope {
  /** Tables of this FROM itself, not of subqueries in it. */
  readonly sources: readonly Source[];
  /** The FROM has something else too: a subquery, an unknown table. */
  readonly isMixed: boolean;
  /** The tokens of the WHERE, with how deep each is in parentheses of its own. */
  readonly where: readonly Token[];
  readonly depths: readonly number[];
  /** What stands behind the FROM and the WHERE, as far as the SELECT goes. */
  readonly after: readonly Token[];
  /** It is a subquery in a FROM: which, where its closing parenthesis ends, and whose. */
  readonly opens?: { readonly end: number; readonly outer: number };
  /** A subquery in a FROM that has no alias. */
  readonly bare: boolean;
  /** `SELECT * FROM …` and at most a LIMIT: what is asked of it is asked of its table. */
  readonly isPlain: boolean;
}

interface Span {
  readonly from: number;
  /** The token after the last one. */
  readonly to: number;
}

const ENDS_FROM = new Set([
  "WHERE",
  "GROUP",
  "ORDER",
  "LIMIT",
  "HAVING",
  "UNION",
  "INTERSECT",
  "EXCEPT",
  "WINDOW",
  "OFFSET",
]);
const ENDS_WHERE = new Set([...ENDS_FROM].filter((word) => word !== "WHERE"));
/** What may follow a table's name and is no alias of it. */
const NO_ALIAS = new Set([
  ...ENDS_FROM,
  "ON",
  "USING",
  "JOIN",
  "LEFT",
  "RIGHT",
  "FULL",
  "INNER",
  "OUTER",
  "CROSS",
  "NATURAL",
  "AS",
]);

export function scopesOf(tokens: readonly Token[], depths: readonly number[]): readonly Scope[] {
  return new Reader(tokens, depths).scopes();
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #depths: readonly number[];
  /** Where each FROM stands, and what is between it and what ends it. */
  readonly #froms: readonly number[];
  readonly #spans: readonly Span[];

  constructor(tokens: readonly Token[], depths: readonly number[]) {
    this.#tokens = tokens;
    this.#depths = depths;
    this.#froms = tokens.flatMap(({ word }, at) =>
      word === "FROM" && this.#isOfSelect(at) ? [at] : [],
    );
    this.#spans = this.#froms.map((at) => this.#until(at + 1, ENDS_FROM));
  }

  scopes(): readonly Scope[] {
    return this.#froms.map((at, index) => {
      const span = this.#spans[index] ?? { from: at + 1, to: at + 1 };
      const depth = this.#depths[at] ?? 0;
      const hasWhere = this.#tokens[span.to]?.word === "WHERE";
      const where = hasWhere ? this.#until(span.to + 1, ENDS_WHERE) : { from: 0, to: 0 };
      return {
        ...this.#sourcesOf(span, depth),
        where: this.#tokens.slice(where.from, where.to),
        depths: this.#depths.slice(where.from, where.to).map((own) => own - depth),
        after: this.#after(hasWhere ? where.to : span.to, depth),
        ...this.#openerOf(at, depth),
        isPlain: this.#isPlain(at, span),
      };
    });
  }

  /** Not that of `extract(x FROM y)` and its like. */
  #isOfSelect(at: number): boolean {
    const depth = this.#depths[at] ?? 0;
    for (let i = at - 1; i >= 0 && (this.#depths[i] ?? 0) >= depth; i--) {
      if (this.#depths[i] === depth && this.#tokens[i]?.word === "SELECT") return true;
    }
    return false;
  }

  #until(from: number, ends: ReadonlySet<string>): Span {
    const depth = this.#depths[from - 1] ?? 0;
    let to = from;
    while (to < this.#tokens.length) {
      const own = this.#depths[to] ?? 0;
      if (own < depth || (own === depth && ends.has(this.#tokens[to]?.word ?? ""))) break;
      to++;
    }
    return { from, to };
  }

  #after(from: number, depth: number): readonly Token[] {
    const end = this.#depths.findIndex((own, at) => at >= from && own < depth);
    return this.#tokens.slice(from, end === -1 ? undefined : end);
  }

  #sourcesOf({ from, to }: Span, depth: number): Pick<Scope, "sources" | "isMixed"> {
    const sources: Source[] = [];
    let isMixed = false;
    for (let at = from; at < to; at++) {
      if (this.#depths[at] !== depth || !this.#begins(at)) continue;
      const source = this.#sourceAt(at);
      if (source === undefined) isMixed = true;
      else sources.push(source);
    }
    return { sources, isMixed };
  }

  /** Does something that rows come from stand here? */
  #begins(at: number): boolean {
    const before = this.#tokens[at - 1];
    return before?.word === "FROM" || before?.word === "JOIN" || isSign(before, ",");
  }

  #sourceAt(at: number): Source | undefined {
    let last = at;
    while (isSign(this.#tokens[last + 1], ".") && this.#tokens[last + 2] !== undefined) last += 2;
    const schema = this.#tokens[at]?.word === "INFORMATION_SCHEMA" ? "information_schema_" : "";
    const name = this.#tokens[last];
    if (name?.type !== "word" && name?.type !== "quoted") return undefined;
    const table = tableNamed(schema + name.text);
    if (table === undefined) return undefined;
    const hasAs = this.#tokens[last + 1]?.word === "AS";
    const next = this.#tokens[hasAs ? last + 2 : last + 1];
    return { table, alias: isAlias(next) ? next.text : table.name };
  }

  /** The parenthesis in a FROM that this SELECT stands in. */
  #openerOf(at: number, depth: number): Pick<Scope, "opens" | "bare"> {
    let open = at;
    while (open >= 0 && (this.#depths[open] ?? 0) >= depth) open--;
    if (depth === 0 || open < 0 || !this.#begins(open)) return { bare: false };
    const outer = this.#spans.findIndex(({ from, to }, i) => {
      return open >= from && open < to && this.#depths[this.#froms[i] ?? 0] === depth - 1;
    });
    if (outer === -1) return { bare: false };
    let close = open + 1;
    while (close < this.#tokens.length && (this.#depths[close] ?? 0) > depth - 1) close++;
    const next = this.#tokens[close + 1];
    const isNamed = next?.word === "AS" || isAlias(next);
    return { opens: { end: this.#tokens[close]?.to ?? 0, outer }, bare: !isNamed };
  }

  #isPlain(at: number, { to }: Span): boolean {
    const isStar = this.#tokens[at - 2]?.word === "SELECT" && isSign(this.#tokens[at - 1], "*");
    const isLimit = this.#tokens[to]?.word === "LIMIT" && this.#tokens[to + 1]?.type === "number";
    const end = isLimit ? to + 2 : to;
    return isStar && (end >= this.#tokens.length || isSign(this.#tokens[end], ")"));
  }
}

function isAlias(token: Token | undefined): token is Token {
  return token?.type === "quoted" || (token?.type === "word" && !NO_ALIAS.has(token.word));
}
