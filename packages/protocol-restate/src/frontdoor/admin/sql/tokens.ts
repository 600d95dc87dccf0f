/** SQL text as tokens. It understands no grammar: only where words, strings and comments end. */
import { PerdureError } from "@perdure/kernel";

export interface Token {
  /** `quoted` is an identifier in double quotes; its `text` is without them. */
  readonly type: "word" | "quoted" | "string" | "number" | "sign";
  /** A string without its quotes; a word as it was written. */
  readonly text: string;
  /** A word in capitals; "" for all else, so that a string is never taken for a keyword. */
  readonly word: string;
  /** Where it stands in the text. */
  readonly from: number;
  readonly to: number;
}

const SHAPES =
  /(?<space>\s+|--[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>'(?:[^']|'')*')|(?<quoted>"(?:[^"]|"")*")|(?<number>\d[\w.]*)|(?<word>[A-Za-z_][\w$]*)|(?<sign>->>|->|\|\||<>|<=|>=|!=|==|::|[-+*/%(),.;<>=~&|])/y;

/** Throws `invalid-argument` at what is no SQL. */
export function tokensOf(sql: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length;) {
    SHAPES.lastIndex = at;
    const found = SHAPES.exec(sql)?.groups;
    if (found === undefined) throw unreadable(sql, at);
    const to = SHAPES.lastIndex;
    const token = tokenOf(found, at, to);
    if (token !== undefined) tokens.push(token);
    at = to;
  }
  return tokens;
}

type Groups = Readonly<Record<string, string | undefined>>;

function tokenOf(found: Groups, from: number, to: number): Token | undefined {
  const { string, quoted, number, word, sign } = found;
  const place = { from, to };
  if (word !== undefined) return { type: "word", text: word, word: word.toUpperCase(), ...place };
  if (string !== undefined) {
    return { type: "string", text: string.slice(1, -1).replaceAll("''", "'"), word: "", ...place };
  }
  if (quoted !== undefined) {
    return { type: "quoted", text: quoted.slice(1, -1).replaceAll('""', '"'), word: "", ...place };
  }
  if (number !== undefined) return { type: "number", text: number, word: "", ...place };
  if (sign !== undefined) return { type: "sign", text: sign, word: "", ...place };
  return undefined;
}

function unreadable(sql: string, at: number): PerdureError {
  const near = sql.slice(at, at + 20).replaceAll(/\s+/g, " ");
  const text = `The query cannot be read from character ${at + 1} on ("${near}"): correct it there.`;
  return new PerdureError("invalid-argument", text);
}

export function isSign(token: Token | undefined, text: string): boolean {
  return token?.type === "sign" && token.text === text;
}

/** How many open parentheses each token is inside of; a parenthesis itself is outside of itself. */
export function depthsOf(tokens: readonly Token[]): readonly number[] {
  let depth = 0;
  return tokens.map((token) => {
    if (isSign(token, ")")) depth--;
    const here = depth;
    if (isSign(token, "(")) depth++;
    return here;
  });
}
