/** Events to bytes and back: the hot path of every commit. `seq` is not written, for a store keeps
 * an event's position; see `layout.ts` for the bytes and `detached.ts` for long payloads. */
import { invariant, limits, type Payload } from "@perdure/kernel";
import {
  attach,
  detach,
  hashesIn,
  isDetached,
  type BlobSink,
  type BlobSource,
} from "./detached.ts";
import { layoutNumbered, layoutOf, type AnyEvent } from "./layout.ts";
import { corrupt, pack, unpack } from "./msgpack.ts";

/** `sink` is given the payloads that are too long to stay inside: they belong into the batch. */
export function encodeEvent(event: AnyEvent, sink: BlobSink): Uint8Array {
  const row = toRow(event);
  const bytes = pack(row);
  // Only a long event can have a long payload, so the others are not searched.
  if (bytes.length <= limits.inlinePayloadBytes) return bytes;
  const detached = detach(row, sink);
  return detached === row ? bytes : pack(detached);
}

/** `source` finds the payloads that `blobHashes` names; without one they count as missing. */
export function decodeEvent(
  bytes: Uint8Array,
  seq: number,
  source: BlobSource = () => undefined,
): AnyEvent {
  const what = `event ${seq}`;
  const value = unpack(bytes, what);
  return fromRow(isDetached(bytes) ? attach(value, source, what) : value, seq, what);
}

/** What must be fetched before the event can be decoded; nearly always nothing, and then cheap. */
export function blobHashes(bytes: Uint8Array): readonly Uint8Array[] {
  return isDetached(bytes) ? hashesIn(unpack(bytes, "an event"), "an event") : [];
}

function toRow(event: AnyEvent): readonly unknown[] {
  const layout = layoutOf(event.kind);
  invariant(layout !== undefined, `no layout for the event kind ${event.kind}`);
  const { names, payloads } = layout;
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  const row: unknown[] = [layout.number, event.at];
  let used = 2;
  for (let i = 0; i < names.length; i++) {
    const value = fields[names[i] as string];
    if (value === undefined) {
      row.push(null);
      continue;
    }
    row.push(payloads[i] ? shorten(value as Payload) : value);
    used = i + 3;
  }
  row.length = used;
  return row;
}

function fromRow(row: unknown, seq: number, what: string): AnyEvent {
  if (!Array.isArray(row)) throw corrupt(what, "it is not an event");
  const [number, at] = row as readonly unknown[];
  const layout = typeof number === "number" ? layoutNumbered(number) : undefined;
  if (layout === undefined || typeof at !== "number") throw corrupt(what, "its kind is unknown");
  const { names, payloads } = layout;
  if (row.length - 2 > names.length) throw corrupt(what, "it has fields that are unknown");
  const event: Record<string, unknown> = { seq, at, kind: layout.kind };
  for (let i = 2; i < row.length; i++) {
    const value: unknown = row[i];
    if (value === null) continue;
    event[names[i - 2] as string] = payloads[i - 2] ? lengthen(value, what) : value;
  }
  return event as unknown as AnyEvent;
}

/** A payload's usual form, JSON without metadata, is its data alone. */
function shorten({ data, encoding, metadata }: Payload): unknown {
  if (metadata !== undefined) return [data, encoding, metadata];
  return encoding === "json" ? data : [data, encoding];
}

function lengthen(value: unknown, what: string): Payload {
  if (value instanceof Uint8Array) return { encoding: "json", data: value };
  const [data, encoding, metadata] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (!(data instanceof Uint8Array) || typeof encoding !== "string") {
    throw corrupt(what, "a payload in it is damaged");
  }
  const payload = { encoding, data };
  if (metadata === undefined) return payload;
  return { ...payload, metadata: metadata as NonNullable<Payload["metadata"]> };
}
