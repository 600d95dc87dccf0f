/** LangGraph with its SQLite saver: a graph of five nodes in a row, a checkpoint after each. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import Database from "better-sqlite3";
import type { Contender } from "../../src/contender.ts";
import { Latencies } from "../../src/latency.ts";
import { expectSum, refused, stepsPerRun, Stopwatch, timedInside, workloads } from "../src/load.ts";
import { bytesBelow } from "../src/servers/files.ts";
import { versions } from "../src/versions.ts";

const latencies = new Latencies();
const stopwatches = new Map<string, Stopwatch>();

export const contender: Contender = {
  hello() {
    const sqlite = sqliteVersion();
    return {
      name: "langgraph",
      versions: {
        ...versions(
          "@langchain/langgraph",
          "@langchain/langgraph-checkpoint-sqlite",
          "better-sqlite3",
        ),
        sqlite: sqlite ?? "missing",
      },
      durability:
        'durability: "sync": each checkpoint is saved before the next node begins; SQLite with WAL, ' +
        "synchronous=FULL (better-sqlite3 has NORMAL in WAL by default, which does not sync)",
      settings: "a step is a node; one process, and SQLite blocks it, so runs share no commit",
      workloads: workloads(["steps"], {}, "has no such thing in the library: a graph is called"),
      ...(sqlite === undefined ? { missing: "npm run bench -- --peers" } : {}),
    };
  },
  async open({ folder }) {
    const db = openFull(join(folder, "bench.db"));
    const graph = buildGraph(new SqliteSaver(db));
    return {
      async prepare(workload) {
        if (workload.kind !== "steps") return refused("langgraph", workload);
        const work = async () => {
          const run = randomUUID();
          stopwatches.set(run, new Stopwatch(latencies));
          const config = { configurable: { thread_id: run }, durability: "sync" } as const;
          const { sum } = await graph.invoke({ run, sum: 0 }, config);
          stopwatches.delete(run);
          expectSum(sum);
        };
        const take = async () => latencies.take();
        return timedInside(workload.inFlight, stepsPerRun, { work, take });
      },
      processes: () => [{ name: "application", pid: process.pid }],
      storeBytes: () => bytesBelow(folder),
      close: async () => void db.close(),
    };
  },
};

/** Undefined: its native part is not for this system. */
function sqliteVersion(): string | undefined {
  try {
    const db = new Database(":memory:");
    const version = db.prepare<[], string>("SELECT sqlite_version()").pluck().get();
    db.close();
    return version;
  } catch {
    return undefined;
  }
}

function openFull(file: string): Database.Database {
  const db = new Database(file);
  // The saver sets WAL too; what counts is that FULL is said after it.
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  const full = 2;
  if (db.pragma("synchronous", { simple: true }) !== full)
    throw new Error("commits are not synced");
  return db;
}

const State = Annotation.Root({ run: Annotation<string>(), sum: Annotation<number>() });

function buildGraph(checkpointer: SqliteSaver) {
  const add = (value: number) => (state: typeof State.State) => {
    stopwatches.get(state.run)?.lap();
    return { sum: state.sum + value };
  };
  const graph = new StateGraph(State)
    .addNode("add-0", add(0))
    .addNode("add-1", add(1))
    .addNode("add-2", add(2))
    .addNode("add-3", add(3))
    .addNode("add-4", add(4))
    .addEdge(START, "add-0")
    .addEdge("add-0", "add-1")
    .addEdge("add-1", "add-2")
    .addEdge("add-2", "add-3")
    .addEdge("add-3", "add-4")
    .addEdge("add-4", END);
  return graph.compile({ checkpointer });
}
