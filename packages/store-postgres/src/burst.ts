/**
 * Several statements in one message to the database, in the driver's own words.
 *
 * 1. They end with one Sync: after one that fails the database looks at no other, so that none is
 *    carried out which rests on what did not happen.
 * 2. Nothing is answered before the database is ready for the next message: by then a transaction
 *    that ends in here has ended.
 * 3. After a failure the connection must not be used any more: what is prepared there is not known.
 */
import type pg from "pg";

export type Value = string | number | boolean | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;

export interface PreparedCall {
  /** Empty: it is prepared for this once. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
}

export interface BurstResult {
  readonly rows: readonly (readonly Row[])[];
  /** What each did, as in `COMMIT` or `UPDATE 3`. */
  readonly tags: readonly string[];
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

type Parser = (text: string) => unknown;
type Callback = (error: unknown, result?: BurstResult) => void;

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Names that were prepared on a connection. */
const prepared = new WeakMap<pg.Connection, Set<string>>();

export class Burst implements pg.Submittable {
  /** The driver's timer calls it, and puts another one in its place. */
  callback: Callback;
  /** Read by the driver. */
  readonly query_timeout: number;
  readonly #calls: readonly PreparedCall[];
  readonly #parserOf: (type: number) => Parser;
  readonly #rows: Row[][] = [[]];
  readonly #tags: string[] = [];
  readonly #warnings: Warning[] = [];
  #columns: readonly (readonly [name: string, parser: Parser])[] = [];

  constructor(
    calls: readonly PreparedCall[],
    answerMs: number,
    parserOf: (type: number) => Parser,
    callback: Callback,
  ) {
    this.#calls = calls;
    this.query_timeout = answerMs;
    this.#parserOf = parserOf;
    this.callback = callback;
  }

  submit(connection: pg.Connection): void {
    const known = prepared.get(connection) ?? new Set<string>();
    prepared.set(connection, known);
    connection.stream.cork();
    for (const { name, text, values } of this.#calls) {
      if (!known.has(name)) connection.parse({ name, text, types: [] }, true);
      if (name !== "") known.add(name);
      connection.bind({ portal: "", statement: name, values: values.map(toWire) }, true);
      connection.describe({ type: "P", name: "" }, true);
      connection.execute({ portal: "", rows: "" }, true);
    }
    connection.sync();
    connection.stream.uncork();
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => [name, this.#parserOf(dataTypeID)]);
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const row: Record<string, unknown> = {};
    for (const [index, [name, parser]] of this.#columns.entries()) {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : parser(text);
    }
    this.#rows.at(-1)?.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#tags.push(text);
    this.#rows.push([]);
  }

  /** Of the session, while this is under way. */
  readonly handleNotice = ({ code, message }: Warning): void => {
    this.#warnings.push({ code, message });
  };

  handleReadyForQuery(): void {
    const { length } = this.#calls;
    const rows = this.#rows.slice(0, length);
    this.callback(undefined, { rows, tags: this.#tags, warnings: this.#warnings });
  }

  handleError(error: unknown): void {
    this.callback(error);
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete({ text: "" });
  }

  handlePortalSuspended(): void {
    // Executed without a limit, a portal is never suspended.
  }
}

function toWire(value: Value): string | Buffer | null {
  if (value === null) return null;
  if (!(value instanceof Uint8Array)) return String(value);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
