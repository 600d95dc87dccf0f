/** What goes to the process that answers queries, and what comes back. */

export type SqlValue = string | number | bigint | Uint8Array | null;

export interface SqlTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Which of them the rows have; the others are null. */
  readonly given: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface SqlJob {
  readonly id: number;
  readonly sql: string;
  readonly tables: readonly SqlTable[];
  /** RFC 3339. */
  readonly now: string;
  readonly maxRows: number;
  readonly maxBytes: number;
}

export interface SqlColumn {
  readonly name: string;
  /** Where it comes from, if it is a column of a table as it is. */
  readonly table: string | null;
  readonly column: string | null;
}

export interface SqlAnswer {
  readonly id: number;
  readonly error?: string;
  readonly columns?: readonly SqlColumn[];
  readonly rows?: readonly (readonly SqlValue[])[];
}
