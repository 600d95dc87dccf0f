/** DBOS Transact: a library in the application's process, and PostgreSQL. */
import { randomUUID } from "node:crypto";
import { DBOS } from "@dbos-inc/dbos-sdk";
import { machineMs } from "../../src/clock.ts";
import type { Contender, Prepared } from "../../src/contender.ts";
import { Latencies } from "../../src/latency.ts";
import type { Workload } from "../../src/workload.ts";
import {
  expectAnswer,
  expectSum,
  Meetings,
  refused,
  stepsPerRun,
  Stopwatch,
  timed,
  timedInside,
  workloads,
} from "../src/load.ts";
import {
  installPostgres,
  postgresDurability,
  postgresSettings,
  postgresVersion,
  startPostgres,
} from "../../src/servers/postgres.ts";
import { versions } from "../src/versions.ts";

/** DBOS's own default. With 20 or 40 connections two cores did no more. */
const connections = 10;
const queue = "tasks";
const pollMs = 10;

const latencies = new Latencies();
const waiting = new Meetings<true>();
const stopwatches = new Map<string, Stopwatch>();

const five = DBOS.registerWorkflow(
  async () => {
    const stopwatch = new Stopwatch(latencies);
    let sum = 0;
    for (let i = 0; i < stepsPerRun; i++) {
      const step = async () => {
        stopwatch.lap();
        return i;
      };
      sum += await DBOS.runStep(step, { name: "add" });
    }
    return sum;
  },
  { name: "five" },
);

const nothing = DBOS.registerWorkflow(async () => 1, { name: "nothing" });

const parent = DBOS.registerWorkflow(
  async (children: number) => {
    const starts = Array.from({ length: children }, () => DBOS.startWorkflow(nothing)());
    const handles = await Promise.all(starts);
    const results = await Promise.all(handles.map((handle) => handle.getResult()));
    return results.reduce((sum, one) => sum + one, 0);
  },
  { name: "parent" },
);

/** The message is the moment of its sending. */
const waiter = DBOS.registerWorkflow(
  async () => {
    const going = DBOS.recv<number>("go");
    waiting.come(DBOS.workflowID ?? "", true);
    const sentAt = await going;
    if (sentAt === null) throw new Error("the signal did not come");
    const step = async () => {
      latencies.add(machineMs() - sentAt);
      return 1;
    };
    return DBOS.runStep(step, { name: "resumed" });
  },
  { name: "waiter" },
);

/** The laps of a run's tasks are timed where they all run. */
const add = DBOS.registerWorkflow(
  async (run: string, value: number) => {
    const stopwatch = stopwatches.get(run) ?? new Stopwatch(latencies);
    stopwatches.set(run, stopwatch);
    stopwatch.lap();
    if (value === stepsPerRun - 1) stopwatches.delete(run);
    return value;
  },
  { name: "add" },
);

const remoteFive = DBOS.registerWorkflow(
  async () => {
    const run = DBOS.workflowID ?? "";
    let sum = 0;
    for (let value = 0; value < stepsPerRun; value++) {
      const task = await DBOS.startWorkflow(add, { queueName: queue })(run, value);
      sum += await task.getResult({ pollingIntervalMs: pollMs });
    }
    return sum;
  },
  { name: "remote-five" },
);

export const contender: Contender = {
  hello() {
    const postgres = postgresVersion();
    return {
      name: "dbos",
      versions: { ...versions("@dbos-inc/dbos-sdk"), postgres: postgres ?? "missing" },
      durability: postgresDurability,
      settings:
        `workflows are called in the process that runs them; ${connections} connections; ` +
        `queue and results polled every ${pollMs} ms, which is often; ${postgresSettings}`,
      workloads: workloads(
        ["steps", "no-steps", "fan-out", "signals", "remote-steps"],
        {
          increments:
            "has no keyed objects, and its transactional step for pg is not yet released for SDK 5",
        },
        "has queues, measured in remote-steps; it is no bulk job queue",
      ),
      ...(postgres === undefined ? { missing: installPostgres } : {}),
    };
  },
  async open({ folder }) {
    const postgres = await startPostgres(folder);
    const pool = postgres.pool(connections);
    DBOS.setConfig({
      name: "bench",
      // Required, though the pool is what is used.
      systemDatabaseUrl: "postgresql://postgres@localhost/postgres",
      systemDatabasePool: pool,
      logLevel: "error",
    });
    await DBOS.launch();
    return {
      prepare,
      processes: () => [{ name: "application", pid: process.pid }, postgres.process],
      storeBytes: () => postgres.bytes(),
      database: () => postgres.counters(),
      async close() {
        await DBOS.shutdown();
        await pool.end();
        await postgres.stop();
      },
    };
  },
};

const take = async () => latencies.take();

async function prepare(workload: Workload): Promise<Prepared> {
  switch (workload.kind) {
    case "steps":
      return timedInside(workload.inFlight, stepsPerRun, {
        work: async () => expectSum(await five()),
        take,
      });
    case "no-steps":
      return timed(workload.inFlight, 1, async () => expectAnswer(await nothing(), 1));
    case "fan-out": {
      const { inFlight, children } = workload;
      return timed(inFlight, children, async () => expectAnswer(await parent(children), children));
    }
    case "signals":
      return timedInside(workload.inFlight, 1, { work: signal, take });
    case "remote-steps":
      await DBOS.registerQueue(queue, { minPollingIntervalMs: pollMs });
      return timedInside(workload.inFlight, stepsPerRun, {
        work: async () => expectSum(await remoteFive()),
        take,
      });
    default:
      return refused("dbos", workload);
  }
}

async function signal(): Promise<void> {
  const workflowID = randomUUID();
  const run = await DBOS.startWorkflow(waiter, { workflowID })();
  await waiting.meet(workflowID);
  await DBOS.send(workflowID, machineMs(), "go");
  expectAnswer(await run.getResult(), 1);
}
