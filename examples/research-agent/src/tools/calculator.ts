/** Numbers, + - * / and brackets. A grammar of its own: what a model writes is never evaluated. */
import { Mistake } from "./mistake.ts";

const LENGTH_LIMIT = 200;
const DEPTH_LIMIT = 20;

export function calculate(expression: string): number {
  if (expression.length > LENGTH_LIMIT) throw new Mistake(`longer than ${LENGTH_LIMIT} characters`);
  const tokens = expression.match(/\d+(?:\.\d+)?|[-+*/()]|\S/g) ?? [];
  let at = 0;

  const sum = (depth: number): number => {
    let value = product(depth);
    while (tokens[at] === "+" || tokens[at] === "-") {
      value = tokens[at++] === "+" ? value + product(depth) : value - product(depth);
    }
    return value;
  };
  const product = (depth: number): number => {
    let value = factor(depth);
    while (tokens[at] === "*" || tokens[at] === "/") {
      value = tokens[at++] === "*" ? value * factor(depth) : value / factor(depth);
    }
    return value;
  };
  const factor = (depth: number): number => {
    if (depth > DEPTH_LIMIT) throw new Mistake(`nested deeper than ${DEPTH_LIMIT}`);
    const token = tokens[at++];
    if (token === "-") return -factor(depth + 1);
    if (token !== "(") return numberOf(token);
    const value = sum(depth + 1);
    if (tokens[at++] !== ")") throw new Mistake("a bracket is not closed");
    return value;
  };

  const value = sum(0);
  if (at < tokens.length) throw new Mistake(`did not expect "${tokens[at]}"`);
  if (!Number.isFinite(value)) throw new Mistake("the result is not a number");
  return Math.round(value * 1e6) / 1e6;
}

function numberOf(token: string | undefined): number {
  if (token === undefined) throw new Mistake("the expression ends too early");
  if (!/^\d/.test(token)) throw new Mistake(`did not expect "${token}"`);
  return Number(token);
}
