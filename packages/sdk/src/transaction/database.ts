/** The databases that `ctx.transaction` knows, by their shape: nothing is imported for it. */

/** `DatabaseSync` of `node:sqlite`. */
export interface SqliteDatabase {
  exec(sql: string): void;
  prepare(sql: string): {
    get(...parameters: (string | null)[]): unknown;
    run(...parameters: (string | null)[]): unknown;
  };
}

/** A `Client` of `pg`, or a client of its pool. */
export interface PostgresClient {
  query(
    sql: string,
    parameters?: readonly unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** A `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresClient & { release(error?: Error | boolean): void }>;
}

export type Database = SqliteDatabase | PostgresPool | PostgresClient;

/** What the function of a transaction works with. */
export type TransactionOf<D> = D extends {
  connect(): Promise<infer Client extends { release: unknown }>;
}
  ? Client
  : D;
