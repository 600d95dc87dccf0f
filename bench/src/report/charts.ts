/** Which charts there are. */
import { letters } from "../plan.ts";
import type { Results } from "../results.ts";
import type { Spread } from "../statistics.ts";
import type { WorkloadKind } from "../workload.ts";
import type { Bar, Chart, Group } from "./chart.ts";
import { groupOf, unitOf } from "./labels.ts";
import { rowsOf, type Row } from "./summary.ts";

type Pick = (row: Row) => Spread | undefined;

interface ChartOf {
  readonly title: string;
  readonly kinds: readonly WorkloadKind[];
  readonly pick: Pick;
}

const charts: Readonly<Record<string, ChartOf>> = {
  "steps-rate": {
    title: "(a) Durable local steps a second",
    kinds: ["steps"],
    pick: (row) => row.rate,
  },
  "steps-cpu": {
    title: "(a) CPU µs of all processes a step: less is better",
    kinds: ["steps"],
    pick: (row) => row.cpuUs,
  },
  "runs-rate": {
    title: "(b) to (f) Operations a second",
    kinds: ["no-steps", "fan-out", "increments", "signals", "remote-steps"],
    pick: (row) => row.rate,
  },
  "step-runs-rate": {
    title: "(j) Runs of five steps a second",
    kinds: ["step-runs"],
    pick: (row) => row.rate,
  },
  "jobs-rate": {
    title: "(g) Jobs a second",
    kinds: ["jobs"],
    pick: (row) => row.rate,
  },
  "growth-rate": {
    title: "(h) Operations a second beside sleeping runs",
    kinds: ["growth"],
    pick: (row) => row.rate,
  },
  "long-run-cpu": {
    title: "(i) CPU µs a step of one long run: first, middle and last steps",
    kinds: ["long-run"],
    pick: (row) => row.cpuUs,
  },
};

/** Those that have something to show. */
export function chartsOf(results: readonly Results[]): Map<string, Chart> {
  const found = new Map<string, Chart>();
  for (const [name, { title, kinds, pick }] of Object.entries(charts)) {
    const groups = results
      .filter(({ kind }) => kinds.includes(kind))
      .flatMap((one) => groupsOf(one, pick));
    const text = `${title} (medians, with ranges; logarithmic)`;
    if (groups.length > 0) found.set(name, { title: text, groups });
  }
  return found;
}

function groupsOf(results: Results, pick: Pick): readonly Group[] {
  const groups = new Map<string, Bar[]>();
  for (const row of rowsOf(results)) {
    const spread = pick(row);
    if (spread === undefined) continue;
    const label = `(${letters[results.kind]}) ${unitOf[results.kind]}, ${groupOf(row)}`;
    const bars = groups.get(label) ?? [];
    const { median: value, lowest, highest } = spread;
    bars.push({ label: row.contender, value, lowest, highest });
    groups.set(label, bars);
  }
  return [...groups].map(([label, bars]) => ({ label, bars }));
}
