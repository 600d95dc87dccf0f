/**
 * The connections to one database, and transactions of one round trip.
 *
 * 1. A connection on which anything went wrong is thrown away: no session is left in a state that
 *    the next one does not expect.
 * 2. While the database takes no connections, attempts are spaced; what is asked meanwhile fails at
 *    once, certain not to be applied.
 * 3. No statement rests on the state of a session but for names of prepared ones, which are an
 *    option: so poolers may give each transaction another connection.
 * 4. Who falls silent within a transaction holds its locks for seconds only, whatever became of it.
 */
import { crc32 } from "node:zlib";
import { PerdureError } from "@perdure/kernel";
import pg from "pg";
import type { Address } from "./address.ts";
import { Burst, type BurstResult, type PreparedCall, type Row, type Value } from "./burst.ts";
import { Gate } from "./gate.ts";
import { postgresLimits as limits } from "./limits.ts";
import { ConnectError, UnsureError } from "./postgres-error.ts";

export type { Row, Value };

/** `@.` in its text stands for the schema. Each is prepared once, so it is one object. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** A statement and what is bound to it. */
export interface Call {
  readonly statement: Statement;
  readonly values: readonly Value[];
}

/** One connection in the hands of one piece of work, which asks one thing after the other. */
export interface Session {
  run(statement: Statement, values?: readonly Value[], answerMs?: number): Promise<readonly Row[]>;
  /** All in one round trip: the rows of each. */
  runAll(calls: readonly Call[], answerMs?: number): Promise<readonly (readonly Row[])[]>;
  /** Text that nothing is bound to; several statements end with semicolons. */
  command(text: string): Promise<void>;
  commit(): Promise<void>;
}

const INT8 = 20;
/** A warning when the wait for a standby was given up: the transaction is on this machine alone. */
const WARNING = "01000";

const begin: Statement = { name: "begin", text: "BEGIN ISOLATION LEVEL READ COMMITTED" };
const commit: Statement = { name: "commit", text: "COMMIT" };

/** Whole numbers of 64 bits as numbers: none of the store's is past 2^53. */
function parserOf(type: number): (text: string) => unknown {
  return type === INT8 ? Number : (pg.types.getTypeParser(type) as (text: string) => unknown);
}

export class Database {
  readonly shown: string;
  readonly schema: string;
  readonly connections: number;
  readonly #pool: pg.Pool;
  /** However much is read, commits and signs of life find a connection soon. */
  readonly #reads: Gate;
  /** However long lists take, streams are read meanwhile. */
  readonly #lists: Gate;
  readonly #prepare: boolean;
  readonly #prepared = new Map<Statement, Omit<PreparedCall, "values">>();
  #failures = 0;
  #downUntil = 0;
  #reason: unknown;
  #statements = 0;

  constructor({ connectionString, shown, options }: Address) {
    this.shown = shown;
    this.schema = options.schema;
    this.connections = options.connections;
    this.#reads = new Gate(Math.max(1, Math.floor(options.connections / 2)));
    this.#lists = new Gate(Math.max(1, Math.floor(options.connections / 4)));
    this.#prepare = options.prepare ?? true;
    this.#pool = new pg.Pool({
      connectionString,
      max: options.connections,
      application_name: options.applicationName ?? "perdure",
      connectionTimeoutMillis: limits.connectMs,
      idleTimeoutMillis: 0,
      keepAlive: true,
      keepAliveInitialDelayMillis: limits.keepAliveMs,
      // A pooler has sessions of its own, and takes no settings for them.
      ...(this.#prepare && { options: sessionSettings }),
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
  async run(statement: Statement, values: readonly Value[] = []): Promise<readonly Row[]> {
    const [rows = []] = await this.transaction([{ statement, values }]);
    return rows;
  }

  /** All in one transaction and one round trip: the rows of each. */
  async transaction(
    calls: readonly Call[],
    answerMs: number = limits.answerMs,
  ): Promise<readonly (readonly Row[])[]> {
    return this.#use(async (client) => {
      if (calls.length === 1) return sure(await this.#send(client, calls, answerMs)).rows;
      const all = [{ statement: begin, values: [] }, ...calls, { statement: commit, values: [] }];
      const { rows } = sure(await this.#send(client, all, answerMs));
      return rows.slice(1, -1);
    });
  }

  /** Work on one connection; when it throws, the connection and what was not committed are gone. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#use((client) => work(this.#session(client)));
  }

  /** Something short that nobody's commit waits for. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#reads.pass(() => this.session(work));
  }

  /** Something that may take long. */
  list<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#lists.pass(() => this.session(work));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #use<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    try {
      const value = await work(client);
      client.release();
      return value;
    } catch (error) {
      client.release(true);
      throw error;
    }
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
    const runAll: Session["runAll"] = async (calls, answerMs = limits.answerMs) =>
      (await this.#send(client, calls, answerMs)).rows;
    return {
      runAll,
      run: async (statement, values = [], answerMs) => {
        const [rows = []] = await runAll([{ statement, values }], answerMs);
        return rows;
      },
      command: async (text) => {
        this.#statements += 1;
        await client.query(within(text, limits.longAnswerMs));
      },
      commit: async () => {
        sure(await this.#send(client, [{ statement: commit, values: [] }], limits.answerMs));
      },
    };
  }

  #send(client: pg.PoolClient, calls: readonly Call[], answerMs: number): Promise<BurstResult> {
    this.#statements += calls.length;
    return new Promise((resolve, reject) => {
      const prepared = calls.map(({ statement, values }) => ({
        ...this.#preparedOf(statement),
        values,
      }));
      const burst = new Burst(prepared, answerMs, parserOf, (error, result) => {
        client.off("notice", burst.handleNotice);
        if (result === undefined) reject(error);
        else resolve(result);
      });
      client.on("notice", burst.handleNotice);
      client.query(burst);
    });
  }

  #preparedOf(statement: Statement): Omit<PreparedCall, "values"> {
    let prepared = this.#prepared.get(statement);
    if (prepared === undefined) {
      const text = statement.text.replaceAll("@.", `"${this.schema}".`);
      // Others on a pooler may have statements of this name from another version or schema.
      const name = `perdure_${statement.name}_${crc32(text).toString(16)}`;
      prepared = { name: this.#prepare ? name : "", text };
      this.#prepared.set(statement, prepared);
    }
    return prepared;
  }
}

/** All that is read within is of one moment. */
export async function inSnapshot<T>(session: Session, work: () => Promise<T>): Promise<T> {
  await session.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const value = await work();
  await session.commit();
  return value;
}

/** The driver knows a time limit for one query, and its types do not. */
function within(text: string, answerMs: number): pg.QueryConfig {
  return { text, query_timeout: answerMs } as pg.QueryConfig;
}

/** For what ends a transaction: it is applied, or an error says that it is not, or may not be. */
function sure(result: BurstResult): BurstResult {
  const { tags, warnings } = result;
  const warning = warnings.find(({ code }) => code === WARNING);
  if (warning !== undefined) throw new UnsureError(warning.message ?? WARNING);
  // A transaction that has failed is ended by COMMIT too.
  if (!tags.includes("ROLLBACK")) return result;
  throw new PerdureError(
    "store-failed",
    "The transaction was rolled back: see the database's log.",
  );
}

/**
 * What is asked for is found by an index, always. But plans are kept, and those that were made while a
 * table was small, or not counted yet, would read all of it for as long as that is not known to be dear.
 */
const plans = {
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  // A table that has no other way is read whole all the same, at a price that seems to be worth compiling.
  jit: "off",
};

/** How soon the database gives up a session that has fallen silent; and `plans`. */
export const sessionSettings: string = Object.entries({
  idle_in_transaction_session_timeout: limits.idleInTransactionMs,
  tcp_keepalives_idle: limits.keepAliveMs / 1_000,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: limits.silentMs,
  ...plans,
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ");
