/**
 * The connections to one database, and transactions of one round trip.
 *
 * 1. A connection on which anything went wrong is thrown away: no session is left in a state that
 *    the next one does not expect.
 * 2. While the database takes no connections, attempts are spaced; what is asked meanwhile fails at
 *    once, certain not to be applied.
 * 3. No statement rests on the state of a session but for names of prepared ones, which are an
 *    option: so poolers may give each transaction another connection.
 */
import { crc32 } from "node:zlib";
import { PerdureError } from "@perdure/kernel";
import pg from "pg";
import type { Address } from "./address.ts";
import { postgresLimits as limits } from "./limits.ts";
import { ConnectError } from "./postgres-error.ts";

/** `@.` in its text stands for the schema. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Value = string | number | boolean | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;

/** A statement and what is bound to it. */
export interface Call {
  readonly statement: Statement;
  readonly values: readonly Value[];
}

const INT8 = 20;

/** Whole numbers of 64 bits as numbers: none of the store's is past 2^53. */
const types = {
  getTypeParser: (oid: number): ((text: string) => unknown) =>
    oid === INT8 ? Number : (pg.types.getTypeParser(oid) as (text: string) => unknown),
};

export class Database {
  readonly shown: string;
  readonly schema: string;
  readonly connections: number;
  readonly #pool: pg.Pool;
  readonly #prepare: boolean;
  readonly #prepared = new Map<Statement, { readonly name: string; readonly text: string }>();
  #failures = 0;
  #downUntil = 0;
  #reason: unknown;
  #statements = 0;

  constructor({ connectionString, shown, options }: Address) {
    this.shown = shown;
    this.schema = options.schema;
    this.connections = options.connections;
    this.#prepare = options.prepare ?? true;
    this.#pool = new pg.Pool({
      connectionString,
      max: options.connections,
      application_name: options.applicationName ?? "perdure",
      connectionTimeoutMillis: limits.connectMs,
      idleTimeoutMillis: 0,
      keepAlive: true,
      pipeline: true,
      types,
    });
    // Who uses a connection hears of its end by the answers; nobody else wants to.
    this.#pool.on("error", () => undefined);
    this.#pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** Statements that were sent so far. */
  get statements(): number {
    return this.#statements;
  }

  /** One statement, a transaction of its own. */
  run(statement: Statement, values: readonly Value[] = []): Promise<readonly Row[]> {
    return this.session((session) => session.run(statement, values));
  }

  /** All in one transaction, sent together: the rows of each. */
  async transaction(calls: readonly Call[]): Promise<readonly (readonly Row[])[]> {
    const [only, ...others] = calls;
    if (only === undefined) return [];
    return this.session(async (session) => {
      if (others.length === 0) return [await session.run(only.statement, only.values)];
      const answers = [
        session.command("BEGIN"),
        ...calls.map(({ statement, values }) => session.run(statement, values)),
        session.commit(),
      ];
      return (await inOrder(answers)).slice(1, -1);
    });
  }

  /** Work on one connection; when it throws, the connection and what was not committed are gone. */
  async session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      const value = await work(this.#session(client));
      client.release();
      return value;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(): Promise<pg.PoolClient> {
    if (performance.now() < this.#downUntil)
      throw new ConnectError("down", { cause: this.#reason });
    try {
      const client = await this.#pool.connect();
      this.#failures = 0;
      return client;
    } catch (cause) {
      const waitMs = Math.min(limits.reconnectMs * 2 ** this.#failures, limits.reconnectMostMs);
      this.#failures += 1;
      this.#downUntil = performance.now() + waitMs;
      this.#reason = cause;
      throw new ConnectError("no connection", { cause });
    }
  }

  #session(client: pg.PoolClient): Session {
    const query = async (
      config: pg.QueryConfig,
      answerMs: number,
    ): Promise<pg.QueryResult<Row>> => {
      this.#statements += 1;
      return client.query<Row>({ ...config, query_timeout: answerMs } as pg.QueryConfig);
    };
    return {
      run: async (statement, values = [], answerMs = limits.answerMs) => {
        const config = { ...this.#preparedOf(statement), values: [...values] };
        return (await query(config, answerMs)).rows;
      },
      command: async (text) => (await query({ text }, limits.answerMs)).rows,
      commit: async () => {
        const { command, rows } = await query({ text: "COMMIT" }, limits.answerMs);
        // A transaction that has failed is ended by COMMIT too.
        if (command === "COMMIT") return rows;
        throw new PerdureError("store-failed", "The transaction was rolled back: see the log.");
      },
    };
  }

  #preparedOf(statement: Statement): { readonly name?: string; readonly text: string } {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      const text = statement.text.replaceAll("@.", `"${this.schema}".`);
      // Others on a pooler may have statements of this name from another version or schema.
      const name = `perdure_${statement.name}_${crc32(text).toString(16)}`;
      prepared = { name, text };
      this.#prepared.set(statement, prepared);
    }
    return this.#prepare ? prepared : { text: prepared.text };
  }
}

/** One connection in the hands of one piece of work. Statements may be sent without waiting. */
export interface Session {
  run(statement: Statement, values?: readonly Value[], answerMs?: number): Promise<readonly Row[]>;
  /** Text that nothing is bound to, such as BEGIN. */
  command(text: string): Promise<readonly Row[]>;
  commit(): Promise<readonly Row[]>;
}

/** All answers, or the first failure in the order in which they were asked for. */
async function inOrder<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(answers);
  return settled.map((answer) => {
    if (answer.status === "rejected") throw answer.reason;
    return answer.value;
  });
}
