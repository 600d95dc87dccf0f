/** An answer as a stream of Arrow's IPC format, with the types that Restate's command line reads. */
import {
  Bool,
  DurationMillisecond,
  Field,
  Float64,
  Int64,
  LargeBinary,
  LargeUtf8,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableToIPC,
  TimestampMillisecond,
  Uint32,
  vectorFromArray,
  type Data,
  type DataType,
} from "apache-arrow";
import type { Answer, AnswerColumn } from "./query.ts";
import type { SqlValue } from "./sql-job.ts";

interface Typed {
  readonly type: DataType;
  readonly value: (value: NonNullable<SqlValue>) => unknown;
}

const text: Typed = { type: new LargeUtf8(), value: String };
const whole: Typed = { type: new Int64(), value: (value) => BigInt(Number(value)) };
const real: Typed = { type: new Float64(), value: Number };
const bytes: Typed = { type: new LargeBinary(), value: (value) => value };
const moment: Typed = {
  type: new TimestampMillisecond("+00:00"),
  value: (value) => Date.parse(String(value)),
};

const typed: Readonly<Record<NonNullable<AnswerColumn["type"]>, Typed>> = {
  text,
  int: whole,
  bytes,
  time: moment,
  bool: { type: new Bool(), value: (value) => value !== 0 },
  // `PT1.5S`
  duration: {
    type: new DurationMillisecond(),
    value: (value) => BigInt(Math.round(Number(String(value).slice(2, -1)) * 1_000)),
  },
  list: {
    type: new List(new Field("item", new Uint32(), true)),
    value: (value) => itemsIn(String(value)),
  },
};

const texts: Typed = {
  type: new List(new Field("item", new LargeUtf8(), true)),
  value: (value) => itemsIn(String(value)),
};

export function arrowAnswer({ columns, rows }: Answer): Uint8Array {
  const parts = columns.map((column, at) => {
    const values = rows.map((row) => row[at] ?? null);
    const { type, value } = typeOf(column, values);
    return dataOf(
      type,
      values.map((one) => (one === null ? null : value(one))),
    );
  });
  const fields = columns.map(({ name }, at) => {
    return new Field(name, parts[at]?.type ?? text.type, true);
  });
  const schema = new Schema(fields);
  const struct = new Struct(fields);
  const data = makeData({ type: struct, length: rows.length, nullCount: 0, children: parts });
  return tableToIPC(new Table(schema, [new RecordBatch(schema, data)]), "stream");
}

function dataOf(type: DataType, values: readonly unknown[]): Data {
  const [only] = vectorFromArray(values, type).data;
  return only ?? makeData({ type, length: 0, nullCount: 0 } as never);
}

/** What was computed is a time where all of it looks like one. */
function typeOf({ type }: AnswerColumn, values: readonly SqlValue[]): Typed {
  const known = values.filter((value) => value !== null);
  if (type === "list" && known.some(hasText)) return texts;
  if (type !== undefined) return fits(typed[type], known) ? typed[type] : text;
  if (known.length === 0) return text;
  if (known.every((value) => typeof value === "bigint" || Number.isSafeInteger(value)))
    return whole;
  if (known.every((value) => typeof value === "number")) return real;
  if (known.every((value) => value instanceof Uint8Array)) return bytes;
  return known.every((value) => typeof value === "string" && MOMENT.test(value)) ? moment : text;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function fits({ type }: Typed, values: readonly SqlValue[]): boolean {
  const isWhole = type === whole.type;
  return (
    !isWhole || values.every((value) => typeof value === "bigint" || Number.isSafeInteger(value))
  );
}

function itemsIn(json: string): readonly unknown[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed : [];
}

function hasText(value: SqlValue): boolean {
  return itemsIn(String(value)).some((item) => typeof item === "string");
}
