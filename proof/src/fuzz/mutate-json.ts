/**
 * JSON values bent out of shape: what was valid, with one or a few things wrong. An input that is
 * wrong everywhere is refused at the first look; one that is wrong in one place gets far.
 */
import type { Json, JsonObject } from "@perdure/kernel";
import type { Random } from "./random.ts";

/** Texts that were somebody's undoing: of parsers, databases, paths, terminals, pages. */
const texts: readonly string[] = [
  "",
  " ",
  "null",
  "__proto__",
  "constructor",
  "toString",
  "'; DROP TABLE runs; --",
  '" OR ""="',
  "%00",
  "a\u0000b",
  "../../etc/passwd",
  "..%2f..%2f",
  "<script>alert(1)</script>",
  "\u001b]0;title\u0007\u001b[2J",
  "\u202etxt.exe",
  "\ud800",
  "\udc00\ud800",
  "e\u0301".repeat(40),
  "\ufeff",
  "😀".repeat(100),
  "x".repeat(300),
  "x".repeat(20_000),
  "${7*7}{{7*7}}",
  "*",
  "%",
  "_",
  "$perdure",
  "default",
];

const numbers: readonly number[] = [
  0,
  -0,
  -1,
  1,
  0.5,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 63),
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  4_294_967_296,
  8.64e15 + 1,
];

const plain: readonly Json[] = [null, true, false, [], {}, [[]], [null], { a: {} }];

export function anyJson(random: Random): Json {
  switch (random.between(0, 3)) {
    case 0:
      return random.pick(texts);
    case 1:
      return random.pick(numbers);
    case 2:
      return nested(random.between(1, 120), random.chance(0.5));
    default:
      return random.pick(plain);
  }
}

function nested(depth: number, asList: boolean): Json {
  let value: Json = 0;
  for (let i = 0; i < depth; i++) value = asList ? [value] : { a: value };
  return value;
}

/** The value with one to three things changed; in one case of eight with nothing changed. */
export function mutateJson(random: Random, value: Json): Json {
  if (random.chance(0.125)) return value;
  let mutated = value;
  for (let left = random.between(1, 3); left > 0; left--) mutated = once(random, mutated);
  return mutated;
}

function once(random: Random, value: Json): Json {
  if (isList(value)) return onceList(random, value);
  if (isObject(value)) return onceObject(random, value);
  return leaf(random, value);
}

function onceList(random: Random, list: readonly Json[]): Json {
  if (list.length === 0) return random.chance(0.5) ? anyJson(random) : [anyJson(random)];
  const at = random.between(0, list.length - 1);
  const item = list[at] ?? null;
  switch (random.between(0, 5)) {
    case 0:
      return anyJson(random);
    case 1:
      return list.toSpliced(at, 1);
    case 2:
      return list.toSpliced(at, 0, item);
    case 3:
      return many(random, item);
    default:
      return list.with(at, once(random, item));
  }
}

/** What holds more is repeated less: three times two thousand of it would fill the memory. */
function many(random: Random, item: Json): Json {
  const isLeaf = !isList(item) && !isObject(item);
  return Array.from({ length: random.pick(isLeaf ? [2, 50, 2_000] : [2, 12]) }, () => item);
}

function onceObject(random: Random, object: JsonObject): Json {
  const names = Object.keys(object);
  if (names.length === 0) return random.chance(0.5) ? anyJson(random) : more(random, object);
  const name = random.pick(names);
  const { [name]: field = null, ...rest } = object;
  switch (random.between(0, 9)) {
    case 0:
      return anyJson(random);
    case 1:
      return rest;
    case 2:
      return more(random, object);
    case 3:
      return { ...rest, [random.pick(texts)]: field };
    case 4:
      return { ...rest, [name]: anyJson(random) };
    case 5:
      return { ...rest, [name]: object[random.pick(names)] ?? null };
    default:
      return { ...rest, [name]: once(random, field) };
  }
}

/** A further field, under a name that objects have by themselves as often as not. */
function more(random: Random, object: JsonObject): Json {
  const text = JSON.stringify(object);
  const name = JSON.stringify(random.pick(texts));
  const inside = text.slice(1, -1);
  // By way of text: a literal `{ __proto__: … }` would set the prototype.
  return JSON.parse(
    `{${inside === "" ? "" : `${inside},`}${name}:${JSON.stringify(anyJson(random))}}`,
  ) as Json;
}

function leaf(random: Random, value: string | number | boolean | null): Json {
  if (random.chance(0.3)) return anyJson(random);
  switch (typeof value) {
    case "string":
      return mutateText(random, value);
    case "number":
      return random.chance(0.5) ? random.pick(numbers) : value + random.pick([-1, 1, 0.5, 1e9]);
    default:
      return anyJson(random);
  }
}

export function mutateText(random: Random, text: string): string {
  const at = random.between(0, text.length);
  switch (random.between(0, 5)) {
    case 0:
      return random.pick(texts);
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + random.pick(texts) + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at + random.between(1, 4));
    case 4:
      return text.repeat(random.between(2, 30));
    default:
      return (
        text.slice(0, at) + String.fromCharCode(random.between(0, 0xffff)) + text.slice(at + 1)
      );
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Bytes, which only binary formats have, are one piece here. */
function isObject(value: Json): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value)
  );
}
