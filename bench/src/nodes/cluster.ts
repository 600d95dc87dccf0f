/** Several databases, and several nodes on them: what a place of measurement is made of. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Budget, DatabaseCounters, Figures, NamedProcess } from "../contender.ts";
import { latencyOf } from "../latency.ts";
import { startPostgres, urlOf, type Postgres } from "../servers/postgres.ts";
import type { NodeLoad } from "./messages.ts";
import { Node } from "./node.ts";

export interface ClusterSize {
  readonly nodes: number;
  readonly databases: number;
}

const loads = { steps: 5, "no-steps": 1 } as const;

export class Cluster {
  readonly databases: readonly Postgres[];
  readonly nodes: readonly Node[];

  private constructor(databases: readonly Postgres[], nodes: readonly Node[]) {
    this.databases = databases;
    this.nodes = nodes;
  }

  static async open(folder: string, size: ClusterSize): Promise<Cluster> {
    const homes = Array.from({ length: size.databases }, (_, index) => join(folder, `db-${index}`));
    const databases = await Promise.all(
      homes.map((home) => {
        mkdirSync(home);
        return startPostgres(home);
      }),
    );
    const store = databases.map(urlOf).join(",");
    const secret = randomBytes(32).toString("hex");
    const opening = size.nodes === 1 ? { store } : { store, secret };
    // One after the other: the first makes the tables.
    const nodes: Node[] = [];
    const cluster = new Cluster(databases, nodes);
    try {
      for (let index = 0; index < size.nodes; index++) nodes.push(await Node.open(opening));
      await cluster.settle();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Until calls to anywhere are answered by every node, so that partitions are where they stay. */
  async settle(): Promise<void> {
    for (const node of this.nodes) await node.reach(keysOfAWave);
  }

  /** The load is dealt out; a node without a lane has only what others ask of it. */
  async load(kind: NodeLoad, inFlight: number, budget: Budget): Promise<Figures> {
    const width = Math.min(inFlight, budget.lanes ?? inFlight);
    const shares = this.nodes.map((node, index) => {
      const lanes = Math.floor((width + this.nodes.length - 1 - index) / this.nodes.length);
      return { node, lanes };
    });
    const all = await Promise.all(
      shares
        .filter(({ lanes }) => lanes > 0)
        .map(({ node, lanes }) => node.load(kind, { ...budget, lanes })),
    );
    const each = loads[kind];
    const latency = latencyOf(all.flatMap(({ latenciesMs }) => latenciesMs));
    const unfinished = all.reduce((sum, lanes) => sum + lanes.unfinished, 0) * each;
    return {
      operations: all.reduce((sum, { done }) => sum + done, 0) * each,
      elapsedMs: Math.max(...all.map(({ elapsedMs }) => elapsedMs)),
      ...(latency === undefined ? {} : { latency }),
      ...(unfinished === 0 ? {} : { unfinished }),
    };
  }

  processes(): readonly NamedProcess[] {
    return [
      ...this.nodes.map(({ pid }, index) => ({ name: `node ${index + 1}`, pid })),
      ...this.databases.map(({ process: { pid } }, index) => ({
        name: this.databases.length === 1 ? "postgres" : `postgres ${index + 1}`,
        pid,
      })),
    ];
  }

  async bytes(): Promise<number> {
    const all = await Promise.all(this.databases.map((database) => database.bytes()));
    return all.reduce((sum, bytes) => sum + bytes, 0);
  }

  async counters(): Promise<DatabaseCounters> {
    const all = await Promise.all(this.databases.map((database) => database.counters()));
    const total = (pick: (one: DatabaseCounters) => number): number =>
      all.reduce((sum, one) => sum + pick(one), 0);
    return {
      commits: total((one) => one.commits),
      statements: total((one) => one.statements),
      walBytes: total((one) => one.walBytes),
    };
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.nodes.map((node) => node.close()));
    await Promise.all(this.databases.map((database) => database.stop()));
  }
}

/** By chance a partition of 64 gets none of these in one of many thousand waves. */
export const keysOfAWave = 1_024;
