/**
 * Names of streams that begin in a segment, beside it: so that a process which has not opened the
 * partition can list them without reading its log. Runs are not among them: there are most of them,
 * and lists of runs are made from their rows.
 *
 *     per stream: batch f64 | length u16 | name
 */
import { machineOf, type StreamId } from "@perdure/kernel";

const HEAD = 10;

export interface Begun {
  readonly stream: StreamId;
  /** In which it begins. */
  readonly batch: number;
}

export function isNamed(stream: StreamId): boolean {
  return machineOf(stream) !== "run";
}

/** May a list of names with this prefix have runs in it? */
export function mayNameRuns(prefix: string): boolean {
  return "run/".startsWith(prefix) || prefix.startsWith("run/");
}

/** Undefined: there are none. */
export function encodeBegun(begun: readonly Begun[]): Buffer | undefined {
  if (begun.length === 0) return undefined;
  const parts = begun.map(({ stream, batch }) => {
    const part = Buffer.alloc(HEAD + Buffer.byteLength(stream));
    part.writeDoubleLE(batch, 0);
    part.writeUInt16LE(part.write(stream, HEAD), 8);
    return part;
  });
  return Buffer.concat(parts);
}

export function decodeBegun(bytes: Buffer): Begun[] {
  const begun: Begun[] = [];
  for (let at = 0; at < bytes.length;) {
    const batch = bytes.readDoubleLE(at);
    const end = at + HEAD + bytes.readUInt16LE(at + 8);
    begun.push({ stream: bytes.toString("utf8", at + HEAD, end) as StreamId, batch });
    at = end;
  }
  return begun;
}
