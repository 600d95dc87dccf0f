/**
 * Tables from which protobuf messages are read and written.
 *
 * Fields that a table does not have are skipped, so that newer SDKs may say more. A known field of
 * another shape, text that is not UTF-8, or a missing required field is a malformed message. The
 * bytes that a message holds are views of the frame that it was read from.
 */
import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { WireType } from "@bufbuild/protobuf/wire";

/** How one value is read and written, its tag excluded. */
export interface Codec<T> {
  readonly wire: WireType;
  read(reader: BinaryReader, depth: number): T;
  write(writer: BinaryWriter, value: T): void;
}

/**
 * `implicit`: absent is the default, which is not written. `variant`: one of several fields that
 * are one property, `{ type: variant, [variant]: value }`.
 */
interface Field<Name extends string> {
  readonly no: number;
  readonly name: Name;
  readonly codec: Codec<unknown>;
  readonly presence: "implicit" | "optional" | "required" | "repeated" | "variant";
  readonly variant?: string;
  readonly initial?: unknown;
}

/** A message cannot be read: the sentence says why. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

export function implicit<N extends string, T>(
  no: number,
  name: N,
  codec: Codec<T>,
  initial: T,
): Field<N> {
  return { no, name, codec, presence: "implicit", initial };
}

export function optional<N extends string>(no: number, name: N, codec: Codec<unknown>): Field<N> {
  return { no, name, codec, presence: "optional" };
}

export function required<N extends string>(no: number, name: N, codec: Codec<unknown>): Field<N> {
  return { no, name, codec, presence: "required" };
}

export function repeated<N extends string>(no: number, name: N, codec: Codec<unknown>): Field<N> {
  return { no, name, codec, presence: "repeated", initial: nothingYet };
}

/** A required choice: each row is a field's number, the variant's name, and its codec. */
export function oneOf<N extends string>(
  name: N,
  variants: readonly (readonly [no: number, variant: string, codec: Codec<unknown>])[],
): Field<N>[] {
  return variants.map(([no, variant, codec]) => ({
    no,
    name,
    codec,
    presence: "variant",
    variant,
  }));
}

/** Marks a list that has no element yet; it is replaced, never filled. */
const nothingYet: readonly never[] = Object.freeze([]);

type Fields = Record<string, unknown>;

export class Schema<T extends object> {
  readonly #fixed: Fields;
  readonly #fields: readonly Field<string>[];
  readonly #byNumber: readonly (Field<string> | undefined)[];
  readonly #needed: readonly string[];

  constructor(fixed: Partial<T>, fields: readonly Field<keyof T & string>[]) {
    const initial = fields.filter(
      ({ presence }) => presence === "implicit" || presence === "repeated",
    );
    this.#fixed = { ...fixed, ...Object.fromEntries(initial.map((f) => [f.name, f.initial])) };
    this.#fields = fields;
    const byNumber: (Field<string> | undefined)[] = [];
    for (const field of fields) byNumber[field.no] = field;
    this.#byNumber = byNumber;
    const needed = fields.filter(
      ({ presence }) => presence === "required" || presence === "variant",
    );
    this.#needed = [...new Set(needed.map(({ name }) => name))];
  }

  /** Reads up to `end`, a position of the reader. */
  read(reader: BinaryReader, end: number, depth: number): T {
    const message: Fields = { ...this.#fixed };
    while (reader.pos < end) {
      const [no, wire] = reader.tag();
      const field = this.#byNumber[no];
      if (field === undefined) reader.skip(wire, no);
      else readField(reader, field, wire, message, depth);
    }
    if (reader.pos !== end) throw new MalformedMessage("a field is longer than its message");
    for (const name of this.#needed) {
      if (message[name] === undefined) throw new MalformedMessage(`it has no ${name}`);
    }
    // The table is the proof: it names T's fields, and what is required was found.
    return message as T;
  }

  write(writer: BinaryWriter, message: T): void {
    const fields = message as Fields;
    for (const field of this.#fields) writeField(writer, field, fields[field.name]);
  }
}

function readField(
  reader: BinaryReader,
  field: Field<string>,
  wire: WireType,
  message: Fields,
  depth: number,
): void {
  const { name, codec, presence } = field;
  if (wire !== codec.wire) {
    if (presence === "repeated" && wire === WireType.LengthDelimited) {
      return readPacked(reader, field, message);
    }
    throw new MalformedMessage(`field ${field.no} (${name}) is not of the type that it should be`);
  }
  const value = codec.read(reader, depth);
  if (presence === "repeated") return append(message, name, value);
  if (presence !== "variant") {
    message[name] = value;
    return;
  }
  const type = field.variant ?? "";
  message[name] = value === undefined ? { type } : { type, [type]: value };
}

/** Numbers come packed, or one by one. */
function readPacked(reader: BinaryReader, field: Field<string>, message: Fields): void {
  const end = endOf(reader);
  while (reader.pos < end) append(message, field.name, field.codec.read(reader, 0));
  if (reader.pos !== end) throw new MalformedMessage("a number is longer than its list");
}

function append(message: Fields, name: string, value: unknown): void {
  const list = message[name] as unknown[] | typeof nothingYet;
  if (list === nothingYet) message[name] = [value];
  else (list as unknown[]).push(value);
}

function writeField(writer: BinaryWriter, field: Field<string>, value: unknown): void {
  const { no, codec, presence, variant, initial } = field;
  if (value === undefined) return;
  switch (presence) {
    case "repeated":
      for (const element of value as readonly unknown[]) {
        codec.write(writer.tag(no, codec.wire), element);
      }
      return;
    case "variant": {
      const chosen = value as Fields;
      if (chosen["type"] === variant) {
        codec.write(writer.tag(no, codec.wire), chosen[variant ?? ""]);
      }
      return;
    }
    case "implicit":
      if (value === initial || (value instanceof Uint8Array && value.length === 0)) return;
      return codec.write(writer.tag(no, codec.wire), value);
    case "optional":
    case "required":
      return codec.write(writer.tag(no, codec.wire), value);
  }
}

/** Where the length-delimited value that begins here ends. */
export function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new MalformedMessage("it ends in the middle of a field");
  return end;
}
