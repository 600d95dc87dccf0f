/**
 * Checks of decoded values, composed like types. A check says what is wrong, or nothing: it throws
 * and allocates only where something is.
 */
import { errorTable, isRunId, limits } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";

export type Check = (value: unknown) => string | undefined;

const says = (is: (value: unknown) => boolean, problem: string): Check => {
  return (value) => (is(value) ? undefined : problem);
};

export const flag: Check = says((value) => typeof value === "boolean", "is not true or false");
export const number: Check = says((value) => typeof value === "number", "is not a number");
/** From 0. */
export const count: Check = says(isCount, "is not a whole number from 0");
export const runId: Check = says(
  (value) => typeof value === "string" && isRunId(value),
  "is not a run id",
);
const bytes: Check = says((value) => value instanceof Uint8Array, "is not bytes");
const errorCode: Check = says(
  (value) => typeof value === "string" && Object.hasOwn(errorTable, value),
  "is not a known error code",
);

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

export function within(low: number, high: number): Check {
  return says(
    (value) => typeof value === "number" && value >= low && value <= high,
    `is not a number from ${low} to ${high}`,
  );
}

export function text(maxChars: number): Check {
  const problem = `is not a text of at most ${maxChars} characters`;
  return says((value) => typeof value === "string" && value.length <= maxChars, problem);
}

export const name: Check = text(wireLimits.nameChars);

export function oneOf(...values: readonly string[]): Check {
  const problem = `is not one of ${values.join(", ")}`;
  return says((value) => typeof value === "string" && values.includes(value), problem);
}

export function listOf(check: Check, max: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return "is not a list";
    if (value.length > max) return `has more than ${max} items`;
    for (let i = 0; i < value.length; i++) {
      const problem = check(value[i]);
      if (problem !== undefined) return `[${i}] ${problem}`;
    }
    return undefined;
  };
}

type Fields = Readonly<Record<string, Check>>;

/** An object with these fields and no others; those of `optional` may be absent. */
export function fields(required: Fields, optional: Fields = {}): Check {
  const known = new Map(Object.entries({ ...required, ...optional }));
  const needed = Object.keys(required);
  return (value) => {
    if (!isObject(value)) return "is not a map";
    let found = 0;
    for (const key in value) {
      const check = known.get(key);
      if (check === undefined) return `has the unknown field "${key.slice(0, 64)}"`;
      const problem = check(value[key]);
      if (problem !== undefined) return joined(key, problem);
      if (found < needed.length && Object.hasOwn(required, key)) found++;
    }
    if (found === needed.length) return undefined;
    return `lacks the field "${needed.find((field) => !Object.hasOwn(value, field))}"`;
  };
}

/** One of several objects, told apart by the text in `tag`. */
export function variants(tag: string, cases: Readonly<Record<string, Check>>): Check {
  const known = new Map(Object.entries(cases));
  return (value) => {
    if (!isObject(value)) return "is not a map";
    const of = value[tag];
    const check = typeof of === "string" ? known.get(of) : undefined;
    return check === undefined ? `has no known "${tag}"` : check(value);
  };
}

/** A map of texts, as headers and labels are. */
export function texts(maxEntries: number, maxChars: number): Check {
  return (value) => {
    if (!isObject(value)) return "is not a map";
    const entries = Object.entries(value);
    if (entries.length > maxEntries) return `has more than ${maxEntries} entries`;
    for (const [key, item] of entries) {
      if (typeof item !== "string") return joined(key.slice(0, 64), "is not a text");
      if (key.length + item.length > maxChars) return `has more than ${maxChars} characters`;
    }
    return undefined;
  };
}

/** JSON, as people and filters may read it; how deep it may be was checked in the bytes. */
const json: Check = (value) => {
  if (value === null || typeof value !== "object") return undefined;
  if (value instanceof Uint8Array) return "holds bytes";
  for (const item of Object.values(value)) {
    const problem = json(item);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

/** Its size in JSON is bounded as the engine bounds a client's. */
export const jsonObject: Check = (value) => {
  if (!isObject(value)) return "is not a map";
  const problem = json(value);
  if (problem !== undefined) return problem;
  const chars = JSON.stringify(value).length;
  return chars > limits.attributesBytes ? `takes more than ${limits.attributesBytes}` : undefined;
};

const payloadData: Check = (value) =>
  bytes(value) ??
  ((value as Uint8Array).length > limits.payloadBytes
    ? `has more than ${limits.payloadBytes} bytes`
    : undefined);

export const payload: Check = fields(
  { encoding: name, data: payloadData },
  { metadata: texts(limits.headers, wireLimits.nameChars) },
);

/** One cause within the other, as far as the frame's depth lets them. */
export const failure: Check = (value) => oneFailure(value);
const oneFailure: Check = fields(
  // Longer ones are cut by whoever shows them; in a frame they are bounded by its size.
  { code: name, message: text(wireLimits.textChars) },
  {
    retryable: flag,
    retryAfterMs: count,
    stack: text(wireLimits.textChars),
    details: payload,
    cause: failure,
  },
);

export const wireError: Check = fields(
  { code: errorCode, message: text(wireLimits.textChars) },
  { detail: jsonObject },
);

/** What the server says of runs and tasks is its own; a worker takes it as it is. */
export const record: Check = says(isObject, "is not a map");

export const event: Check = (value) => {
  if (!isObject(value)) return "is not a map";
  const isWhole =
    typeof value["kind"] === "string" && isCount(value["seq"]) && typeof value["at"] === "number";
  return isWhole ? undefined : "is not an event";
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  return !Array.isArray(value) && !(value instanceof Uint8Array);
}

function joined(key: string, problem: string): string {
  return /^[.[]/.test(problem) ? `.${key}${problem}` : `.${key} ${problem}`;
}
