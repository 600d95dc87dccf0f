/** BullMQ on a Redis that syncs every write. */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Contender } from "../../src/contender.ts";
import { jobs, type Bulk, type JobQueue } from "../src/jobs.ts";
import { refused, workloads } from "../src/load.ts";
import {
  installRedis,
  redisDurability,
  redisSettings,
  redisVersion,
  startRedis,
} from "../src/servers/redis.ts";
import { versions } from "../src/versions.ts";

const bulk: Bulk = { jobsPerCall: 1_000, callsInFlight: 2 };
const name = "jobs";

interface Data {
  readonly input: number;
}

export const contender: Contender = {
  hello() {
    const redis = redisVersion();
    return {
      name: "bullmq",
      versions: { ...versions("bullmq"), redis: redis ?? "missing" },
      durability: redisDurability,
      settings:
        "one worker with the whole concurrency; jobs done are removed; " +
        `addBulk with ${bulk.jobsPerCall} jobs a call, ${bulk.callsInFlight} in flight; ${redisSettings}`,
      workloads: workloads(["jobs"], {}, "is a job queue: has no workflows"),
      ...(redis === undefined ? { missing: installRedis } : {}),
    };
  },
  async open({ folder }) {
    const redis = await startRedis(folder);
    const queue = new BullQueue(redis.path);
    return {
      prepare: async (workload) =>
        workload.kind === "jobs" ? jobs(queue, bulk, workload) : refused("bullmq", workload),
      processes: () => [{ name: "application", pid: process.pid }, redis.process],
      storeBytes: () => redis.bytes(),
      async close() {
        await queue.close();
        await redis.stop();
      },
    };
  },
};

class BullQueue implements JobQueue {
  readonly #path: string;
  readonly #client: Redis;
  readonly #queue: Queue<Data, undefined, "job">;
  #worker: Worker<Data, undefined, "job"> | undefined;
  #workerClient: Redis | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#client = new Redis(path);
    this.#queue = new Queue(name, {
      connection: this.#client,
      defaultJobOptions: { removeOnComplete: true },
    });
  }

  async add(inputs: readonly number[]): Promise<void> {
    await this.#queue.addBulk(inputs.map((input) => ({ name: "job", data: { input } })));
  }

  async work(concurrency: number, job: (input: number) => Promise<void>): Promise<void> {
    const process = async ({ data }: { readonly data: Data }) => {
      await job(data.input);
      return undefined;
    };
    // A worker blocks on its connection for as long as there is nothing to do.
    this.#workerClient = new Redis(this.#path, { maxRetriesPerRequest: null });
    this.#worker = new Worker(name, process, { connection: this.#workerClient, concurrency });
    this.#worker.on("error", (error) => console.error(error.message));
    await this.#worker.waitUntilReady();
  }

  async unfinished(): Promise<number> {
    return this.#queue.getJobCountByTypes("waiting", "active", "prioritized", "delayed");
  }

  async rest(): Promise<void> {
    await this.#worker?.close();
    this.#workerClient?.disconnect();
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#client.disconnect();
  }
}
