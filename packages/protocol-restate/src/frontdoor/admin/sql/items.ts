/** What the outermost SELECT answers with. */
import { isSign, type Token } from "./tokens.ts";

export interface Items {
  /** It asks for all columns of something. */
  readonly hasStar: boolean;
  /** The names of those that are true or false, as SQLite will call them. */
  readonly conditions: ReadonlySet<string>;
}

const CONDITIONS = new Set(["IS", "NOT", "LIKE", "ILIKE", "IN", "AND", "OR", "BETWEEN", "EXISTS"]);
const COMPARISONS = new Set(["=", "==", "!=", "<>", "<", ">", "<=", ">="]);

export function itemsOf(tokens: readonly Token[], depths: readonly number[], text: string): Items {
  const select = tokens.findIndex(({ word }, at) => word === "SELECT" && depths[at] === 0);
  const rest = tokens.findIndex(
    ({ word }, at) => at > select && depths[at] === 0 && word === "FROM",
  );
  const end = rest === -1 ? tokens.length : rest;
  const items: { readonly token: Token; readonly depth: number }[][] = [[]];
  for (let at = select + 1; at < end; at++) {
    const token = tokens[at];
    const depth = depths[at] ?? 0;
    if (token === undefined) continue;
    if (depth === 0 && isSign(token, ",")) items.push([]);
    else items.at(-1)?.push({ token, depth });
  }
  const conditions = new Set<string>();
  let hasStar = false;
  for (const item of items) {
    const own = item.filter(({ depth }) => depth === 0).map(({ token }) => token);
    const last = own.at(-1);
    const isStar = isSign(last, "*") && (own.length === 1 || isSign(own.at(-2), "."));
    if (isStar) hasStar = true;
    else if (isCondition(own)) conditions.add(nameOf(own, text));
  }
  return { hasStar, conditions };
}

/** CASE answers with whatever its branches say. */
function isCondition(own: readonly Token[]): boolean {
  if (own.some(({ word }) => word === "CASE")) return false;
  const isTruth = own[0]?.word === "TRUE" || own[0]?.word === "FALSE";
  return (
    isTruth ||
    own.some(({ type, text, word }) => {
      return CONDITIONS.has(word) || (type === "sign" && COMPARISONS.has(text));
    })
  );
}

/** Its alias, or the text itself. */
function nameOf(own: readonly Token[], text: string): string {
  const last = own.at(-1);
  if (own.at(-2)?.word === "AS" && last !== undefined) return last.text;
  return text.slice(own[0]?.from ?? 0, last?.to ?? 0);
}
