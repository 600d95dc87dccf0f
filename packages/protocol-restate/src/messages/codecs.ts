/** How the values of the service protocol's fields are read and written. */
import { WireType } from "@bufbuild/protobuf/wire";
import { messageLimits } from "./limits.ts";
import type { Combinator, Future, Header, ProtocolFailure, StateEntry } from "./messages.ts";
import type { Codec } from "./schema.ts";
import { endOf, implicit, MalformedMessage, repeated, Schema } from "./schema.ts";

export const bytes: Codec<Uint8Array> = {
  wire: WireType.LengthDelimited,
  read: (reader) => reader.bytes(),
  write: (writer, value) => void writer.bytes(value),
};

export const text: Codec<string> = {
  wire: WireType.LengthDelimited,
  read: (reader) => reader.string(true),
  write: (writer, value) => void writer.string(value),
};

export const u32: Codec<number> = {
  wire: WireType.Varint,
  read: (reader) => reader.uint32(),
  write: (writer, value) => void writer.uint32(value),
};

/** The SDK counts completions from 1. */
export const completionId: Codec<number> = {
  wire: WireType.Varint,
  read(reader) {
    const id = reader.uint32();
    if (id === 0) throw new MalformedMessage("completion ids begin at 1");
    return id;
  },
  write: (writer, value) => void writer.uint32(value),
};

export const u64: Codec<bigint> = {
  wire: WireType.Varint,
  read: (reader) => BigInt(reader.uint64()),
  write: (writer, value) => void writer.uint64(value),
};

const longestMs = BigInt(Number.MAX_SAFE_INTEGER);

/** What lies further ahead than numbers reach is as far as they do. */
export const ms: Codec<number> = {
  wire: WireType.Varint,
  read(reader) {
    const value = BigInt(reader.uint64());
    return Number(value < longestMs ? value : longestMs);
  },
  write: (writer, value) => void writer.uint64(value),
};

export const bool: Codec<boolean> = {
  wire: WireType.Varint,
  read: (reader) => reader.bool(),
  write: (writer, value) => void writer.bool(value),
};

/** An empty message: it says something by being there. */
export const nothing: Codec<undefined> = {
  wire: WireType.LengthDelimited,
  read: (reader) => void reader.bytes(),
  write: (writer) => void writer.uint32(0),
};

export function nested<T extends object>(schema: Schema<T>): Codec<T> {
  return {
    wire: WireType.LengthDelimited,
    read: (reader, depth) => schema.read(reader, endOf(reader), depth + 1),
    write(writer, value) {
      writer.fork();
      schema.write(writer, value);
      writer.join();
    },
  };
}

/** A message with one field, which stands for it. */
function boxed<T>(schema: Schema<{ inner: T }>): Codec<T> {
  const codec = nested(schema);
  return {
    wire: codec.wire,
    read: (reader, depth) => codec.read(reader, depth).inner,
    write: (writer, value) => codec.write(writer, { inner: value }),
  };
}

const noBytes = new Uint8Array(0);

/** `Value`. */
export const value: Codec<Uint8Array> = boxed(
  new Schema<{ inner: Uint8Array }>({}, [implicit(1, "inner", bytes, noBytes)]),
);

export const stateKeys: Codec<readonly Uint8Array[]> = boxed(
  new Schema<{ inner: readonly Uint8Array[] }>({}, [repeated(1, "inner", bytes)]),
);

export const header: Codec<Header> = nested(
  new Schema<Header>({}, [implicit(1, "key", text, ""), implicit(2, "value", text, "")]),
);

export const stateEntry: Codec<StateEntry> = nested(
  new Schema<StateEntry>({}, [
    implicit(1, "key", bytes, noBytes),
    implicit(2, "value", bytes, noBytes),
  ]),
);

export const failure: Codec<ProtocolFailure> = nested(
  new Schema<ProtocolFailure>({}, [
    implicit(1, "code", u32, 0),
    implicit(2, "message", text, ""),
    repeated(3, "metadata", header),
  ]),
);

const combinators: readonly Combinator[] = [
  "unknown",
  "firstCompleted",
  "allCompleted",
  "firstSucceededOrAllFailed",
  "allSucceededOrFirstFailed",
];

const combinator: Codec<Combinator> = {
  wire: WireType.Varint,
  read(reader) {
    const number = reader.uint32();
    const known = combinators[number];
    if (known === undefined) {
      throw new MalformedMessage(`combinator ${number} of awaited results is not known`);
    }
    return known;
  },
  write: (writer, name) => void writer.uint32(combinators.indexOf(name)),
};

/** A tree: its depth is bounded, as reading it takes the stack. */
export const future: Codec<Future> = {
  wire: WireType.LengthDelimited,
  read(reader, depth) {
    if (depth > messageLimits.futureDepth) {
      throw new MalformedMessage(
        `what it awaits is nested deeper than ${messageLimits.futureDepth} (RT0025)`,
      );
    }
    return futureSchema.read(reader, endOf(reader), depth + 1);
  },
  write: (writer, tree) => nested(futureSchema).write(writer, tree),
};

const futureSchema: Schema<Future> = new Schema<Future>({}, [
  repeated(1, "completions", u32),
  repeated(2, "signals", u32),
  repeated(3, "namedSignals", text),
  repeated(4, "nested", future),
  implicit(5, "combinator", combinator, "unknown"),
]);
