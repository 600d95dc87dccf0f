import type { Json, JsonObject } from "../../payload.ts";

/**
 * Does an event's data answer what is waited for? Every member that `match` names must be in
 * `data` and match, at any depth; arrays and scalars must be equal. No `match` takes every event,
 * and an event without data answers only that.
 */
export function matches(match: JsonObject | undefined, data: JsonObject | undefined): boolean {
  if (match === undefined) return true;
  return data !== undefined && isSubset(match, data);
}

function isSubset(part: Json, whole: Json): boolean {
  if (!isObject(part)) return isEqual(part, whole);
  if (!isObject(whole)) return false;
  return members(part).every(
    ([name, value]) => Object.hasOwn(whole, name) && isSubset(value, whole[name] ?? null),
  );
}

function isEqual(one: Json, other: Json): boolean {
  if (isArray(one)) {
    return (
      isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => isEqual(item, other[index] ?? null))
    );
  }
  if (!isObject(one)) return one === other;
  if (!isObject(other) || members(one).length !== members(other).length) return false;
  return members(one).every(
    ([name, value]) => Object.hasOwn(other, name) && isEqual(value, other[name] ?? null),
  );
}

/** A member whose value is `undefined` is not there: it would not survive as JSON. */
function members(object: JsonObject): [string, Json][] {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
