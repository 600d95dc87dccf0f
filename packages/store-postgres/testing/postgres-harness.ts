/** A PostgreSQL store under test: a schema of its own, behind a network that can be cut. */
import pg from "pg";
import type { CommitFault, Harness } from "@perdure/store/contract";
import type { PostgresOptions } from "../src/options.ts";
import { PostgresStore } from "../src/postgres-store.ts";
import { CuttingProxy, type PostgresServer } from "../src/testing/index.ts";

let schemas = 0;

export class PostgresHarness implements Harness {
  readonly schema = `test_${process.pid}_${++schemas}`;
  readonly #server: PostgresServer;
  readonly #options: PostgresOptions;
  readonly #stores: PostgresStore[] = [];
  #proxy: CuttingProxy | undefined;
  #store: PostgresStore | undefined;

  constructor(server: PostgresServer, options: PostgresOptions) {
    this.#server = server;
    // The log is so short that streams are gathered out of it all the time.
    this.#options = { partitions: 4, logBytes: 4_096, schema: this.schema, ...options };
  }

  static async make(
    server: PostgresServer,
    options: PostgresOptions = {},
  ): Promise<PostgresHarness> {
    const harness = new PostgresHarness(server, options);
    harness.#proxy = await CuttingProxy.start(server.port);
    harness.#store = await harness.second();
    return harness;
  }

  get store(): PostgresStore {
    if (this.#store === undefined) throw new Error("the harness is not open");
    return this.#store;
  }

  get proxy(): CuttingProxy {
    if (this.#proxy === undefined) throw new Error("the harness is not open");
    return this.#proxy;
  }

  /** Of the proxy. */
  get address(): string {
    return `postgres://postgres@127.0.0.1:${this.proxy.port}/postgres`;
  }

  /** As after a kill: the database sees its connections end. */
  async reopen(): Promise<void> {
    const before = this.#store;
    this.proxy.cut();
    this.#store = await this.second();
    await before?.close();
  }

  async second(): Promise<PostgresStore> {
    const store = await PostgresStore.open(this.address, this.#options);
    this.#stores.push(store);
    return store;
  }

  failNext(fault: CommitFault): void {
    this.proxy.failNext(fault);
  }

  async corrupt(name: string): Promise<void> {
    await this.sql(
      `UPDATE @.chunks AS c SET data = set_byte(data, length(data) - 1,
         get_byte(data, length(data) - 1) # 1)
       FROM @.streams AS s
       WHERE s.name = $1 AND c.partition = s.partition AND c.stream = s.id`,
      [Buffer.from(name)],
    );
  }

  /** Changes or asks the database as only a person could. `@.` stands for the schema. */
  async sql(text: string, values: readonly unknown[] = []): Promise<readonly pg.QueryResultRow[]> {
    const client = new pg.Client(this.#server.connection);
    await client.connect();
    try {
      const { rows } = await client.query<pg.QueryResultRow>(
        text.replaceAll("@.", `"${this.schema}".`),
        [...values],
      );
      return rows;
    } finally {
      await client.end();
    }
  }

  async dispose(): Promise<void> {
    for (const store of this.#stores) await store.close();
    await this.#proxy?.stop();
    await this.sql(`DROP SCHEMA IF EXISTS "${this.schema}" CASCADE`);
  }
}
