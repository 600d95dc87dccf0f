/**
 * Long payloads live outside their event, in the store's table of blobs, under the SHA-256 of
 * their bytes. The event that had them is written as
 *
 *     [0, [[hash, ...path], ...], row]
 *
 * where `row` has null at each path. An event with no long payload, which is nearly every one, is
 * the row alone, and two of its bytes tell the difference without decoding it.
 */
import { createHash } from "node:crypto";
import { limits } from "@perdure/kernel";
import { corrupt } from "./msgpack.ts";

/** Is given each payload that is too long to stay inside; the same one twice is harmless. */
export type BlobSink = (hash: Uint8Array, data: Uint8Array) => void;

/** Finds what a hash stands for. */
export type BlobSource = (hash: Uint8Array) => Uint8Array | undefined;

type Path = readonly (string | number)[];
type Reference = readonly [hash: Uint8Array, ...path: Path];
type Detached = readonly [0, readonly Reference[], unknown[]];

export function isDetached(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && bytes[1] === 0x00;
}

/** The row as it is to be written: itself when nothing in it is long. */
export function detach(row: readonly unknown[], sink: BlobSink): readonly unknown[] {
  const references: Reference[] = [];
  const visit = (value: unknown, path: Path): unknown => {
    if (value instanceof Uint8Array) {
      if (value.length <= limits.inlinePayloadBytes) return value;
      const hash = sha256(value);
      sink(hash, value);
      references.push([hash, ...path]);
      return null;
    }
    if (Array.isArray(value)) return value.map((item, i) => visit(item, [...path, i]));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, visit(item, [...path, name])]),
    );
  };
  const rest = visit(row, []) as unknown[];
  const detached: Detached = [0, references, rest];
  return references.length === 0 ? row : detached;
}

/** Puts the payloads back; the row is changed in place, for it was just decoded. */
export function attach(value: unknown, source: BlobSource, what: string): unknown {
  for (const [hash, ...path] of referencesIn(value, what)) {
    const data = source(hash);
    if (data === undefined) throw corrupt(what, `its payload ${hex(hash)} is missing`);
    put((value as Detached)[2], path, data, what);
  }
  return (value as Detached)[2];
}

export function hashesIn(value: unknown, what: string): Uint8Array[] {
  return referencesIn(value, what).map(([hash]) => hash);
}

export function sha256(data: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(data).digest());
}

function referencesIn(value: unknown, what: string): readonly Reference[] {
  const references: unknown = Array.isArray(value) ? value[1] : undefined;
  if (!Array.isArray(references) || !references.every(isReference)) {
    throw corrupt(what, "its list of long payloads is damaged");
  }
  return references;
}

function isReference(value: unknown): value is Reference {
  return Array.isArray(value) && value.length > 1 && value[0] instanceof Uint8Array;
}

/** Only own properties are followed: a damaged path must not reach a prototype. */
function put(root: unknown, path: Path, data: Uint8Array, what: string): void {
  let parent: unknown = root;
  for (const [depth, step] of path.entries()) {
    if (typeof parent !== "object" || parent === null || !Object.hasOwn(parent, step)) {
      throw corrupt(what, "the place of a long payload is damaged");
    }
    const node = parent as Record<string | number, unknown>;
    if (depth === path.length - 1) node[step] = data;
    else parent = node[step];
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
