/** What so many steps a second ask of machines: the table of `docs/postgresql.md`, from the record. */
import { readResults } from "../results.ts";
import { count } from "./labels.ts";
import { rowsOf, type Row } from "./summary.ts";
import { figure, table } from "./text.ts";

const rates = [1_000, 10_000, 50_000];
/** The busy half of two cores is room for what a mean does not show. */
const use = 0.5;

/** Undefined: it has not been measured. */
export function sizing(folder: string): string | undefined {
  const results = readResults(folder, "steps");
  if (results === undefined) return undefined;
  const rows = rowsOf(results).filter(
    ({ contender, variant: { workload } }) =>
      contender === "perdure-postgres" && workload.kind === "steps" && workload.inFlight >= 64,
  );
  const [row] = rows;
  const costs = row && costsOf(row);
  if (costs === undefined) return undefined;
  const { nodeUs, databaseUs, walBytes, commits } = costs;
  const body = rates.map((rate) => [
    count(rate),
    figure((rate * nodeUs) / 1e6 / use),
    figure((rate * databaseUs) / 1e6 / use),
    figure((rate * walBytes) / 1e6),
    count(Math.round(rate * commits)),
  ]);
  const head = ["steps/s", "cores of nodes", "cores of PostgreSQL", "log, MB/s", "commits/s"];
  return [
    `With 64 runs in flight a durable step took ${figure(nodeUs)} µs of CPU in the node (engine, workflow code and ` +
      `client in one process), ${figure(databaseUs)} µs in PostgreSQL, ${figure(walBytes)} bytes of its log and ` +
      `${figure(commits)} commits. So, with cores that are half busy:`,
    table(head, body),
  ].join("\n\n");
}

interface Costs {
  readonly nodeUs: number;
  readonly databaseUs: number;
  readonly walBytes: number;
  readonly commits: number;
}

function costsOf({ cpuUsOf, database }: Row): Costs | undefined {
  const usOf = (isOne: (name: string) => boolean): number =>
    cpuUsOf.filter(({ name }) => isOne(name)).reduce((sum, { us }) => sum + us.median, 0);
  if (database === undefined) return undefined;
  const isDatabase = (name: string): boolean => name.startsWith("postgres");
  return {
    nodeUs: usOf((name) => !isDatabase(name)),
    databaseUs: usOf(isDatabase),
    walBytes: database.walBytes.median,
    commits: database.commits.median,
  };
}
