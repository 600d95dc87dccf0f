/** pg-boss: batches fetched, done and completed together. */
import type pg from "pg";
import { PgBoss } from "pg-boss";
import type { Contender } from "../../src/contender.ts";
import { doAll } from "../../src/lanes.ts";
import { jobs, type Bulk, type JobQueue } from "../src/jobs.ts";
import { refused, workloads } from "../src/load.ts";
import {
  installPostgres,
  postgresDurability,
  postgresSettings,
  postgresVersion,
  startPostgres,
} from "../../src/servers/postgres.ts";
import { versions } from "../src/versions.ts";

const batchesAtATime = 5;
const jobsPerBatch = 500;
const bulk: Bulk = { jobsPerCall: 10_000, callsInFlight: 1 };
const name = "jobs";

export const contender: Contender = {
  hello() {
    const postgres = postgresVersion();
    return {
      name: "pg-boss",
      versions: { ...versions("pg-boss"), postgres: postgres ?? "missing" },
      durability: postgresDurability,
      settings:
        `batches of ${jobsPerBatch} are fetched and completed, ${batchesAtATime} at a time ` +
        "(localConcurrency), and share the concurrency; burstWhenBatchFull: the next at once; " +
        `insert with ${bulk.jobsPerCall} jobs a call, then ANALYZE; ${postgresSettings}`,
      workloads: workloads(["jobs"], {}, "is a job queue: has no workflows"),
      ...(postgres === undefined ? { missing: installPostgres } : {}),
    };
  },
  async open({ folder }) {
    const postgres = await startPostgres(folder);
    const pool = postgres.pool(1);
    const boss = new PgBoss({ ...postgres.connection, max: 10, schedule: false });
    boss.on("error", (error) => console.error(error.message));
    await boss.start();
    await boss.createQueue(name);
    const queue = new BossQueue(pool, boss);
    return {
      prepare: async (workload) =>
        workload.kind === "jobs" ? jobs(queue, bulk, workload) : refused("pg-boss", workload),
      processes: () => [{ name: "application", pid: process.pid }, postgres.process],
      storeBytes: () => postgres.bytes(),
      database: () => postgres.counters(),
      async close() {
        await boss.stop({ graceful: false });
        await pool.end();
        await postgres.stop();
      },
    };
  },
};

class BossQueue implements JobQueue {
  readonly #pool: pg.Pool;
  readonly #boss: PgBoss;

  constructor(pool: pg.Pool, boss: PgBoss) {
    this.#pool = pool;
    this.#boss = boss;
  }

  async add(inputs: readonly number[]): Promise<void> {
    await this.#boss.insert(
      name,
      inputs.map((input) => ({ data: { input } })),
    );
  }

  async work(concurrency: number, job: (input: number) => Promise<void>): Promise<void> {
    const width = Math.max(1, Math.floor(concurrency / batchesAtATime));
    const options = {
      batchSize: jobsPerBatch,
      localConcurrency: batchesAtATime,
      burstWhenBatchFull: true,
      pollingIntervalSeconds: 0.5,
    };
    await this.#boss.work<{ input: number }>(name, options, async (batch) => {
      await doAll(width, batch.length, async (index) => {
        const next = batch[index];
        if (next !== undefined) await job(next.data.input);
      });
    });
  }

  async settle(): Promise<void> {
    // Autovacuum does within a minute; until then a fetch sorts all jobs.
    await this.#pool.query("ANALYZE");
  }

  async unfinished(): Promise<number> {
    const sql = "SELECT count(*) AS left FROM pgboss.job WHERE state < 'completed'";
    const { rows } = await this.#pool.query<{ left: string }>(sql);
    return Number(rows[0]?.left);
  }

  async rest(): Promise<void> {
    await this.#boss.offWork(name);
  }
}
