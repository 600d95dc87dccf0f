/** Absurd: SQL inside PostgreSQL, and workers that poll it. */
import { Absurd, type JsonValue } from "absurd-sdk";
import { machineMs } from "../../src/clock.ts";
import type { Contender, Prepared } from "../../src/contender.ts";
import { Latencies } from "../../src/latency.ts";
import type { Workload } from "../../src/workload.ts";
import { absurdctlVersion, initAbsurd, installAbsurdctl } from "../src/absurd-schema.ts";
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

const connections = 20;
const pollSeconds = 0.02;
/** A worker of tasks that runs of another queue await: those may not share a worker. */
const taskSlots = 128;

const latencies = new Latencies();
const take = async () => latencies.take();
const waiting = new Meetings<true>();

/** The queue of runs and the queue of what runs await. */
interface Queues {
  readonly runs: Absurd;
  readonly tasks: Absurd;
  /** Of the runs; each size of a workload has one with as many slots. */
  worker?: Awaited<ReturnType<Absurd["startWorker"]>>;
}

export const contender: Contender = {
  hello() {
    const postgres = postgresVersion();
    const tool = absurdctlVersion();
    const missing = [
      ...(postgres === undefined ? [installPostgres] : []),
      ...(tool === undefined ? [installAbsurdctl] : []),
    ].join(" && ");
    return {
      name: "absurd",
      versions: {
        ...versions("absurd-sdk"),
        absurdctl: tool ?? "missing",
        postgres: postgres ?? "missing",
      },
      durability: postgresDurability,
      settings:
        "load and workers in one process; as many runs at a time as are in flight; " +
        `${connections} connections; workers poll every ${pollSeconds * 1_000} ms (250 by default); ` +
        `results are polled by the client's own back-off from 50 ms; ${postgresSettings}`,
      workloads: workloads(
        ["steps", "no-steps", "fan-out", "signals", "remote-steps"],
        { increments: "has no keyed objects, and no step in the application's transaction" },
        "tasks are spawned one by one: it has no bulk call",
      ),
      ...(missing === "" ? {} : { missing }),
    };
  },
  async open({ folder }) {
    const postgres = await startPostgres(folder);
    initAbsurd(postgres);
    const db = postgres.pool(connections);
    const queues: Queues = {
      runs: new Absurd({ db, queueName: "runs" }),
      tasks: new Absurd({ db, queueName: "tasks" }),
    };
    return {
      prepare: (workload) => prepare(queues, workload),
      processes: () => [{ name: "application", pid: process.pid }, postgres.process],
      storeBytes: () => postgres.bytes(),
      database: () => postgres.counters(),
      async close() {
        await queues.runs.close();
        await queues.tasks.close();
        await db.end();
        await postgres.stop();
      },
    };
  },
};

async function prepare(queues: Queues, workload: Workload): Promise<Prepared> {
  if (!("inFlight" in workload)) return refused("absurd", workload);
  const { runs } = queues;
  if (queues.worker === undefined) await setUp(queues);
  else await queues.worker.close();
  const run = async (name: string, input: JsonValue) => {
    const { taskID } = await runs.spawn(name, input);
    return result(await runs.awaitTaskResult(taskID));
  };
  const load = loadOf(queues, workload, run);
  queues.worker = await runs.startWorker({
    concurrency: workload.inFlight,
    pollInterval: pollSeconds,
  });
  return load;
}

async function setUp(queues: Queues): Promise<void> {
  const { runs, tasks } = queues;
  await runs.createQueue();
  await tasks.createQueue();
  register(queues);
  await tasks.startWorker({ concurrency: taskSlots, pollInterval: pollSeconds });
}

function loadOf(
  { runs }: Queues,
  workload: Workload,
  run: (name: string, input: JsonValue) => Promise<JsonValue>,
): Prepared {
  switch (workload.kind) {
    case "steps":
      return timedInside(workload.inFlight, stepsPerRun, {
        work: async () => expectSum(await run("five", null)),
        take,
      });
    case "no-steps":
      return timed(workload.inFlight, 1, async () => expectAnswer(await run("nothing", null), 1));
    case "fan-out": {
      const { inFlight, children } = workload;
      return timed(inFlight, children, async () =>
        expectAnswer(await run("parent", children), children),
      );
    }
    case "signals":
      return timedInside(workload.inFlight, 1, { work: () => signal(runs), take });
    case "remote-steps":
      return timedInside(workload.inFlight, stepsPerRun, {
        work: async () => expectSum(await run("remote-five", null)),
        take,
      });
    default:
      return refused("absurd", workload);
  }
}

function register({ runs, tasks }: Queues): void {
  runs.registerTask({ name: "five" }, async (_, ctx) => {
    const stopwatch = new Stopwatch(latencies);
    let sum = 0;
    for (let i = 0; i < stepsPerRun; i++) {
      sum += await ctx.step("add", async () => {
        stopwatch.lap();
        return i;
      });
    }
    return sum;
  });
  for (const queue of [runs, tasks]) queue.registerTask({ name: "nothing" }, async () => 1);
  runs.registerTask<number, number>({ name: "parent" }, async (children, ctx) => {
    const ids = await ctx.step("spawn", async () => {
      const spawns = Array.from({ length: children }, () => tasks.spawn("nothing", null));
      return (await Promise.all(spawns)).map(({ taskID }) => taskID);
    });
    const results = ids.map((id) => ctx.awaitTaskResult(id, { queue: "tasks" }).then(result));
    return (await Promise.all(results)).reduce<number>((sum, one) => sum + Number(one), 0);
  });
  const announced = new Set<string>();
  runs.registerTask({ name: "waiter" }, async (_, ctx) => {
    const going = ctx.awaitEvent(`go:${ctx.taskID}`);
    // The code runs again when the event has come.
    if (announced.delete(ctx.taskID)) return resume(Number(await going));
    announced.add(ctx.taskID);
    waiting.come(ctx.taskID, true);
    return resume(Number(await going));

    function resume(sentAt: number) {
      return ctx.step("resumed", async () => {
        latencies.add(machineMs() - sentAt);
        return 1;
      });
    }
  });
  registerRemote({ runs, tasks });
}

function registerRemote({ runs, tasks }: Queues): void {
  const stopwatches = new Map<string, Stopwatch>();
  tasks.registerTask<{ run: string; value: number }, number>(
    { name: "add" },
    async ({ run, value }) => {
      const stopwatch = stopwatches.get(run) ?? new Stopwatch(latencies);
      stopwatches.set(run, stopwatch);
      stopwatch.lap();
      if (value === stepsPerRun - 1) stopwatches.delete(run);
      return value;
    },
  );
  runs.registerTask({ name: "remote-five" }, async (_, ctx) => {
    let sum = 0;
    for (let value = 0; value < stepsPerRun; value++) {
      const id = await ctx.step("spawn", async () => {
        const { taskID } = await tasks.spawn("add", { run: ctx.taskID, value });
        return taskID;
      });
      sum += Number(result(await ctx.awaitTaskResult(id, { queue: "tasks" })));
    }
    return sum;
  });
}

async function signal(runs: Absurd): Promise<void> {
  const { taskID } = await runs.spawn("waiter", null);
  await waiting.meet(taskID);
  await runs.emitEvent(`go:${taskID}`, machineMs());
  expectAnswer(result(await runs.awaitTaskResult(taskID)), 1);
}

function result(snapshot: Awaited<ReturnType<Absurd["awaitTaskResult"]>>): JsonValue {
  if (snapshot.state !== "completed") throw new Error(`a task is ${snapshot.state}`);
  return snapshot.result;
}
