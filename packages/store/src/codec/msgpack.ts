/**
 * The one msgpack dialect of the store: plain maps, no records, no references, no class revival.
 *
 * Bytes are copied once when they are read, so that a payload of the result is a view of its own
 * event's few bytes and never pins the segment it was read from.
 */
import { PerdureError } from "@perdure/kernel";
import { Packr } from "msgpackr";

const dialect = {
  useRecords: false,
  mapsAsObjects: true,
  // References could make a small file unfold without end.
  structuredClone: false,
  moreTypes: false,
  useToJSON: false,
  variableMapSize: true,
  // An absent field stays absent. (The library's types do not know this option.)
  skipValues: [undefined],
};
const packr = new Packr(dialect);

export function pack(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** `what` names the thing in the error, as in "event 7". */
export function unpack(bytes: Uint8Array, what: string): unknown {
  try {
    return packr.unpack(new Uint8Array(bytes));
  } catch (cause) {
    throw corrupt(what, "its bytes are not what was written", cause);
  }
}

export function corrupt(what: string, why: string, cause?: unknown): PerdureError {
  return new PerdureError(
    "store-corrupt",
    `Cannot read ${what}: ${why}. Restore the store from a backup, or open it with the version ` +
      `of Perdure that wrote it.`,
    cause === undefined ? {} : { cause },
  );
}
