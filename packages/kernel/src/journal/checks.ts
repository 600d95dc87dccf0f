/**
 * Checks of values from strangers, composed like types. A check says what is wrong, or nothing;
 * what it says goes behind the name of the value.
 */
import { isRunId } from "../ids.ts";
import { limits } from "../limits.ts";

export type Check = (value: unknown) => string | undefined;
export type Fields = Readonly<Record<string, unknown>>;

const says =
  (is: (value: unknown) => boolean, problem: string): Check =>
  (value) =>
    is(value) ? undefined : problem;

export const flag: Check = says((value) => typeof value === "boolean", "is not true or false");
/** A duration, a moment, a factor: nothing that is journaled is below 0 or without end. */
export const amount: Check = says(isAmount, "is not a number from 0");
/** From 1: a seq, an ordinal, an attempt. */
export const place: Check = says(
  (value) => Number.isSafeInteger(value) && (value as number) > 0,
  "is not a whole number from 1",
);
export const finite: Check = says(Number.isFinite, "is not a number");
export const runId: Check = says(
  (value) => typeof value === "string" && isRunId(value),
  "is not a run id",
);

function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

export function text(maxChars: number, minChars = 1): Check {
  const problem = `is not a text of ${minChars} to ${maxChars} characters that UTF-8 can write`;
  return says(
    (value) =>
      typeof value === "string" &&
      value.length >= minChars &&
      value.length <= maxChars &&
      isWellFormed(value),
    problem,
  );
}

/** Half of a surrogate pair would become another character on disk. */
function isWellFormed(value: string): boolean {
  return !/[\uD800-\uDFFF]/u.test(value);
}

export const name: Check = text(limits.nameChars);
export const id: Check = text(limits.idChars);
/** An operation's key may have the name of a step and more in it. */
export const operationKey: Check = text(limits.payloadBytes);
/** What people read; it is bounded by the line it comes in. */
export const words: Check = text(limits.payloadBytes, 0);

export function oneOf(...values: readonly string[]): Check {
  const problem = `is not one of ${values.join(", ")}`;
  return says((value) => typeof value === "string" && values.includes(value), problem);
}

export function listOf(check: Check, max: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return "is not a list";
    if (value.length > max) return `has more than ${max} items`;
    for (const [index, item] of value.entries()) {
      const problem = check(item);
      if (problem !== undefined) return under(`[${index}]`, problem);
    }
    return undefined;
  };
}

export type Shape = Readonly<Record<string, Check>>;

/** An object with these fields and no others; those of `optional` may be absent. */
export function fields(required: Shape, optional: Shape = {}): Check {
  const known = new Map(Object.entries({ ...required, ...optional }));
  return (value) => {
    if (!isObject(value)) return "is not an object";
    for (const field of Object.keys(required)) {
      if (!Object.hasOwn(value, field)) return `lacks the field "${field}"`;
    }
    for (const [field, inside] of Object.entries(value)) {
      const check = known.get(field);
      if (check === undefined) return `has the unknown field ${JSON.stringify(field.slice(0, 64))}`;
      const problem = check(inside);
      if (problem !== undefined) return under(`.${field}`, problem);
    }
    return undefined;
  };
}

/** One of several objects, told apart by the text in `tag`. */
export function variants(tag: string, cases: Readonly<Record<string, Shape | Check>>): Check {
  const known = new Map(
    Object.entries(cases).map(([of, shape]) => [
      of,
      typeof shape === "function" ? shape : fields({ [tag]: name, ...shape }),
    ]),
  );
  return (value) => {
    if (!isObject(value)) return "is not an object";
    const of = value[tag];
    const check = typeof of === "string" ? known.get(of) : undefined;
    return check === undefined ? `has no known "${tag}"` : check(value);
  };
}

export const texts: Check = (value) => {
  if (!isObject(value)) return "is not an object";
  const entries = Object.entries(value);
  if (entries.length > limits.headers) return `has more than ${limits.headers} entries`;
  const wrong = entries.find(([field, item]) => words(field) ?? words(item));
  return wrong && `has an entry, ${JSON.stringify(wrong[0].slice(0, 64))}, that is not a text`;
};

/** JSON as people and filters may read it. How deep it is was counted in the bytes. */
export const jsonObject: Check = (value) => {
  if (!isObject(value)) return "is not an object";
  const problem = json(value);
  if (problem !== undefined) return problem;
  const chars = JSON.stringify(value).length;
  return chars > limits.attributesBytes
    ? `takes more than ${limits.attributesBytes} bytes`
    : undefined;
};

const json: Check = (value) => {
  if (value === null || typeof value === "boolean") return undefined;
  if (typeof value === "number") return finite(value);
  if (typeof value === "string") return words(value);
  if (typeof value !== "object" || value instanceof Uint8Array) return "holds what is not JSON";
  for (const [field, inside] of Object.entries(value)) {
    const problem = words(field) ?? json(inside);
    if (problem !== undefined) return under(`.${field.slice(0, 64)}`, problem);
  }
  return undefined;
};

const bytes: Check = (value) => {
  if (!(value instanceof Uint8Array)) return "is not bytes";
  return value.length > limits.payloadBytes
    ? `has more than ${limits.payloadBytes} bytes`
    : undefined;
};

export const payload: Check = fields({ encoding: name, data: bytes }, { metadata: texts });

export function isObject(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

function under(field: string, problem: string): string {
  return /^[.[]/.test(problem) ? `${field}${problem}` : `${field} ${problem}`;
}
