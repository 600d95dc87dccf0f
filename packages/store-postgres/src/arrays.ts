/**
 * Lists as parameters of statements. Numbers go as text, which is short; texts and bytes in
 * PostgreSQL's binary form of an array, since as text each byte would be two characters:
 *
 *     dimensions i32 | has nulls i32 | element type i32 | count i32 | first index i32
 *     then per element: length i32 (-1: null) | bytes
 */
const BYTEA = 17;
const TEXT = 25;
const HEAD = 20;

export function numbers(list: readonly (number | undefined)[]): string {
  return `{${list.map((item) => item ?? "NULL").join()}}`;
}

export function booleans(list: readonly boolean[]): string {
  return `{${list.join()}}`;
}

export function bytes(list: readonly (Uint8Array | undefined)[]): Buffer {
  return binary(BYTEA, list);
}

export function texts(list: readonly (string | undefined)[]): Buffer {
  return binary(
    TEXT,
    list.map((item) => (item === undefined ? undefined : Buffer.from(item))),
  );
}

function binary(type: number, list: readonly (Uint8Array | undefined)[]): Buffer {
  const length = list.reduce((total, item) => total + 4 + (item?.length ?? 0), HEAD);
  const array = Buffer.allocUnsafe(list.length === 0 ? 12 : length);
  array.writeInt32BE(list.length === 0 ? 0 : 1, 0);
  array.writeInt32BE(list.includes(undefined) ? 1 : 0, 4);
  array.writeInt32BE(type, 8);
  if (list.length === 0) return array;
  array.writeInt32BE(list.length, 12);
  array.writeInt32BE(1, 16);
  let at = HEAD;
  for (const item of list) {
    at = array.writeInt32BE(item?.length ?? -1, at);
    if (item === undefined) continue;
    array.set(item, at);
    at += item.length;
  }
  return array;
}
