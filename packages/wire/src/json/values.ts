/**
 * Values with payloads in them (events, specs, outcomes) to JSON and back.
 *
 * A payload is recognised by the name of its field, never by its looks: what a user wrote into
 * attributes, matches, headers or event data is theirs, and is passed through as it is.
 */
import type { Payload } from "@perdure/kernel";
import { payloadFromJson, payloadToJson, type PayloadJson } from "./payload.ts";

/** The type of a value once its payloads are JSON. */
export type JsonOf<T> = T extends Payload
  ? PayloadJson
  : T extends readonly (infer Item)[]
    ? readonly JsonOf<Item>[]
    : T extends string | number | boolean | null | undefined
      ? T
      : T extends object
        ? { [K in keyof T]: K extends UserField ? T[K] : JsonOf<T[K]> }
        : T;

type UserField = "attributes" | "match" | "headers" | "labels" | "detail";

const payloadFields: ReadonlySet<string> = new Set([
  "input",
  "output",
  "payload",
  "value",
  "details",
  "heartbeatDetails",
]);

/** The user's own JSON, and (`data`) the part of an event that matches read. */
const userFields: ReadonlySet<string> = new Set<UserField | "data">([
  "attributes",
  "match",
  "headers",
  "labels",
  "detail",
  "data",
]);

/** Fields whose values are payloads under names of the user's. */
const payloadMaps: ReadonlySet<string> = new Set(["overrides"]);

export function toJson<T>(value: T): JsonOf<T> {
  return walk(value, (payload) => payloadToJson(payload as Payload)) as JsonOf<T>;
}

/** `what` names the value in errors. The value's other fields are not checked here. */
export function fromJson<T>(json: JsonOf<T>, what: string): T {
  return walk(json, (payload, name) => payloadFromJson(payload, `${what}'s ${name}`)) as T;
}

type Fields = Readonly<Record<string, unknown>>;
type Convert = (payload: unknown, name: string) => unknown;

function walk(value: unknown, convert: Convert): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, convert));
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue;
    // `__proto__` of a hostile text is a field like any other.
    Object.defineProperty(result, name, {
      value: walkField(name, field, convert),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}

function walkField(name: string, field: unknown, convert: Convert): unknown {
  if (userFields.has(name) || !isObject(field)) {
    return Array.isArray(field) && !userFields.has(name) ? walk(field, convert) : field;
  }
  if (payloadFields.has(name)) return convert(field, name);
  if (!payloadMaps.has(name)) return walk(field, convert);
  return Object.fromEntries(
    Object.entries(field).map(([key, payload]) => [key, convert(payload, key)]),
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
