/** Graphile Worker in its batched mode, as its page on performance has it. */
import { Logger, makeWorkerUtils, run, type Runner, type WorkerUtils } from "graphile-worker";
import type pg from "pg";
import type { Contender } from "../../src/contender.ts";
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

const localQueueSize = 500;
const bulk: Bulk = { jobsPerCall: 10_000, callsInFlight: 1 };

export const contender: Contender = {
  hello() {
    const postgres = postgresVersion();
    return {
      name: "graphile-worker",
      versions: { ...versions("graphile-worker"), postgres: postgres ?? "missing" },
      durability: postgresDurability,
      settings:
        `localQueue of ${localQueueSize}, completeJobBatchDelay 0, failJobBatchDelay 0; ` +
        `jobs done are deleted; addJobs with ${bulk.jobsPerCall} jobs a call, then ANALYZE; ${postgresSettings}`,
      workloads: workloads(["jobs"], {}, "is a job queue: has no workflows"),
      ...(postgres === undefined ? { missing: installPostgres } : {}),
    };
  },
  async open({ folder }) {
    const postgres = await startPostgres(folder);
    const pool = postgres.pool(1);
    const { host, user, database } = postgres.connection;
    const url = `postgresql:///${database}?host=${host}&user=${user}`;
    const utils = await makeWorkerUtils({ connectionString: url, logger });
    await utils.migrate();
    const queue = new GraphileQueue(url, utils, pool);
    return {
      prepare: async (workload) =>
        workload.kind === "jobs"
          ? jobs(queue, bulk, workload)
          : refused("graphile-worker", workload),
      processes: () => [{ name: "application", pid: process.pid }, postgres.process],
      storeBytes: () => postgres.bytes(),
      database: () => postgres.counters(),
      async close() {
        await utils.release();
        await pool.end();
        await postgres.stop();
      },
    };
  },
};

class GraphileQueue implements JobQueue {
  readonly #url: string;
  readonly #utils: WorkerUtils;
  readonly #pool: pg.Pool;
  #runner: Runner | undefined;

  constructor(url: string, utils: WorkerUtils, pool: pg.Pool) {
    this.#url = url;
    this.#utils = utils;
    this.#pool = pool;
  }

  async add(inputs: readonly number[]): Promise<void> {
    await this.#utils.addJobs(inputs.map((payload) => ({ identifier: "job", payload })));
  }

  async work(concurrentJobs: number, job: (input: number) => Promise<void>): Promise<void> {
    this.#runner = await run({
      connectionString: this.#url,
      logger,
      noHandleSignals: true,
      preset: {
        worker: {
          concurrentJobs,
          localQueue: { size: localQueueSize },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      taskList: { job: (payload) => job(Number(payload)) },
    });
  }

  async settle(): Promise<void> {
    // Autovacuum does within a minute; until then a fetch sorts all jobs.
    await this.#pool.query("ANALYZE");
  }

  async unfinished(): Promise<number> {
    const sql = "SELECT count(*) AS left FROM graphile_worker._private_jobs";
    const { rows } = await this.#pool.query<{ left: string }>(sql);
    return Number(rows[0]?.left);
  }

  async rest(): Promise<void> {
    await this.#runner?.stop();
  }
}

/** Tells of errors alone; each job would be a line otherwise. */
const logger = new Logger(() => (level, message) => {
  if (level === "error") console.error(message);
});
