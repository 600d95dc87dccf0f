/** The suites that have a record: what each measures, whom, where it is kept, and on which page. */
import { join } from "node:path";
import { oursOnPostgres } from "./contenders.ts";
import { fullPlan, postgresPlan, racePlan, type Plan } from "./plan.ts";

export interface NamedSuite {
  readonly plan: Plan;
  /** Absent: all there are, but those of ours on PostgreSQL. */
  readonly contenders?: readonly string[];
  /** Its results, from this package's folder; the page's links name them so too. */
  readonly folder: string;
  readonly page: string;
}

const everything: NamedSuite = { plan: fullPlan, folder: "results", page: "README.md" };

/** The drill of nodes has its record there too. */
export const postgresFolder = "results/postgres";

/** By the verb that measures it. */
const named: Readonly<Record<string, NamedSuite>> = {
  race: {
    plan: racePlan,
    // The same code of a peer's SDK, in front of our server and in front of the peer's.
    contenders: ["perdure-restate", "restate", "restate-4-partitions"],
    folder: "results/race",
    page: "RACE.md",
  },
  postgres: {
    plan: postgresPlan,
    contenders: [
      ...oursOnPostgres().keys(),
      "dbos",
      "absurd",
      "graphile-worker",
      "pg-boss",
      "restate-4-partitions",
    ],
    folder: postgresFolder,
    page: "POSTGRES.md",
  },
};

export const suites: readonly NamedSuite[] = [everything, ...Object.values(named)];

/** Undefined: there is no such verb. Without a verb it is everything. */
export function suiteOf(verb: string | undefined): NamedSuite | undefined {
  return verb === undefined ? everything : named[verb];
}

export const suiteVerbs: readonly string[] = Object.keys(named);

const root = join(import.meta.dirname, "..");

export function pathOf(name: string): string {
  return join(root, name);
}
