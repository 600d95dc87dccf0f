/**
 * What answers must look like. A server is not trusted to be one: each answer is looked at as deep
 * as this package reads it. Further fields are allowed, for servers of later versions.
 */
import type { Failure, Outcome, Payload, RunEvent } from "@perdure/kernel";
import { isRunId } from "@perdure/kernel";

/** Says what is wrong; undefined: nothing. `at` names the place. */
export type Shape = (value: unknown, at: string) => string | undefined;

const typed =
  (type: "string" | "number" | "boolean"): Shape =>
  (value, at) =>
    typeof value === type ? undefined : `${at} is not a ${type}`;

export const text: Shape = typed("string");
export const number: Shape = typed("number");
export const flag: Shape = typed("boolean");

export const runId: Shape = (value, at) =>
  typeof value === "string" && isRunId(value) ? undefined : `${at} is not a run id`;

export const payload: Shape = (value, at) => {
  const { encoding, data } = (value ?? {}) as Partial<Payload>;
  const fits = typeof encoding === "string" && data instanceof Uint8Array;
  return fits ? undefined : `${at} is not a payload`;
};

export const object: Shape = (value, at) =>
  isObject(value) ? undefined : `${at} is not an object`;

export const listOf =
  (item: Shape): Shape =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    for (const [index, each] of value.entries()) {
      const problem = item(each, `${at}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

export const fields =
  (
    required: Readonly<Record<string, Shape>>,
    optional: Readonly<Record<string, Shape>> = {},
  ): Shape =>
  (value, at) => {
    if (!isObject(value)) return `${at} is not an object`;
    for (const [name, shape] of Object.entries(required)) {
      const problem = shape(value[name], `${at}.${name}`);
      if (problem !== undefined) return problem;
    }
    for (const [name, shape] of Object.entries(optional)) {
      const problem = value[name] === undefined ? undefined : shape(value[name], `${at}.${name}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

export const either =
  (one: Shape, other: Shape): Shape =>
  (value, at) =>
    one(value, at) === undefined ? undefined : other(value, at);

const failure: Shape = (value, at) => {
  const problem = fields({ code: text, message: text })(value, at);
  const { cause, details } = (value ?? {}) as Partial<Failure>;
  if (problem !== undefined) return problem;
  const unfit = details === undefined ? undefined : payload(details, `${at}.details`);
  if (unfit !== undefined) return unfit;
  // Not deeper than the wire lets JSON be.
  return cause === undefined ? undefined : failure(cause, `${at}.cause`);
};

export const outcome: Shape = (value, at) => {
  if (!isObject(value)) return `${at} is not an object`;
  switch (value["status"] as Outcome["status"]) {
    case "completed":
      return payload(value["output"], `${at}.output`);
    case "continued":
      return runId(value["runId"], `${at}.runId`);
    case "failed":
    case "cancelled":
    case "terminated":
    case "timedOut":
      return failure(value["failure"], `${at}.failure`);
    default:
      return `${at}.status is none that this version knows`;
  }
};

/** Events of one journal, in its order, without a gap. */
export const events: Shape = (value, at) => {
  const problem = listOf(fields({ seq: number, at: number, kind: text }))(value, at);
  if (problem !== undefined) return problem;
  const list = value as readonly RunEvent[];
  const first = list[0]?.seq ?? 0;
  const gap = list.findIndex(({ seq }, index) => seq !== first + index);
  return gap === -1 ? undefined : `${at}[${gap}].seq leaves a gap`;
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
