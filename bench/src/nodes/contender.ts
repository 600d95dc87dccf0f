/** Apps that have `open`ed Perdure on the same databases, each with its code and its part of the load. */
import type { Contender } from "../contender.ts";
import { helloOnPostgres, only } from "../ours/hello-postgres.ts";
import { Cluster, type ClusterSize } from "./cluster.ts";
import type { NodeLoad } from "./messages.ts";

const measured: readonly NodeLoad[] = ["steps", "no-steps"];

export function contenderOf(name: string, size: ClusterSize): Contender {
  const { nodes, databases } = size;
  return {
    hello: () =>
      helloOnPostgres(
        name,
        `${nodes} processes, each with an engine, code and its part of the load, on ${databases} ` +
          `PostgreSQL of their own`,
        only(measured, "shows nothing that perdure-postgres does not"),
      ),
    async open({ folder }) {
      const cluster = await Cluster.open(folder, size);
      return {
        async prepare(workload) {
          const { kind } = workload;
          if (kind !== "steps" && kind !== "no-steps") throw new Error(`not measured on ${kind}`);
          const { inFlight } = workload;
          return { run: (_, budget) => cluster.load(kind, inFlight, budget) };
        },
        processes: () => cluster.processes(),
        storeBytes: () => cluster.bytes(),
        database: () => cluster.counters(),
        close: () => cluster.close(),
      };
    },
  };
}
