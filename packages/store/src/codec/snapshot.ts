/**
 * A machine's state to bytes and back: plain objects, arrays, Maps, Sets, bytes and primitives.
 *
 * Every list says in its first place what it is, so that nothing is revived by a name found in the
 * bytes, and both ways stop at a depth.
 */
import { limits, PerdureError } from "@perdure/kernel";
import { corrupt, pack, unpack } from "./msgpack.ts";

const LIST = 0;
const MAP = 1;
const SET = 2;

export function encodeSnapshot(state: unknown): Uint8Array {
  return pack(flatten(state, 0));
}

export function decodeSnapshot(bytes: Uint8Array): unknown {
  return raise(unpack(bytes, "a snapshot"), 0);
}

function flatten(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (depth > limits.snapshotDepth) {
    throw new PerdureError(
      "limit-exceeded",
      `A state is nested more than ${limits.snapshotDepth} deep: keep what is nested so deeply ` +
        `in a payload.`,
    );
  }
  const inner = (item: unknown): unknown => flatten(item, depth + 1);
  if (Array.isArray(value)) return [LIST, ...value.map(inner)];
  if (value instanceof Map) return [MAP, ...[...value].flat(1).map(inner)];
  if (value instanceof Set) return [SET, ...[...value].map(inner)];
  return mapValues(value, inner);
}

function raise(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (depth > limits.snapshotDepth) throw corrupt("a snapshot", "it is nested too deeply");
  const inner = (item: unknown): unknown => raise(item, depth + 1);
  if (!Array.isArray(value)) return mapValues(value, inner);
  const [type, ...items] = value as readonly unknown[];
  const raised = items.map(inner);
  if (type === LIST) return raised;
  if (type === SET) return new Set(raised);
  if (type === MAP && raised.length % 2 === 0) return pairs(raised);
  throw corrupt("a snapshot", "a list in it is damaged");
}

function pairs(items: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  return map;
}

function mapValues(value: object, change: (item: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item)]));
}
