/** The report's sections, one a workload, and who was measured. */
import { letters } from "../plan.ts";
import type { ContenderResults, Results } from "../results.ts";
import { count, groupOf, titleOf, unitOf } from "./labels.ts";
import { lastInFirst, rowsOf, sleepingCosts, type Row } from "./summary.ts";
import { figure, spread, table } from "./text.ts";

const mib = 1_048_576;

export function contendersSection(results: readonly Results[]): string {
  const all = new Map<string, ContenderResults>();
  for (const { contenders } of results) {
    for (const [name, one] of Object.entries(contenders)) all.set(name, one);
  }
  const rows = [...all].map(([name, { hello }]) => {
    const versions = Object.entries(hello.versions).map((entry) => entry.join(" "));
    const settings = hello.missing === undefined ? hello.settings : `missing: ${hello.missing}`;
    return [name, versions.join(", "), hello.durability, settings];
  });
  const machines = new Set([...all.values()].map(machineOf));
  const head = ["contender", "versions", "when an operation is acknowledged", "settings"];
  return ["### Who, and where", ...machines, table(head, rows)].join("\n\n");
}

function machineOf({ suite }: ContenderResults): string {
  const { cores, cpu, memoryBytes, kernel, node } = suite.machine;
  const memory = `${figure(memoryBytes / 1_024 / mib)} GiB`;
  return `${count(cores)} cores of ${cpu}, ${memory}, Linux ${kernel}, Node ${node}.`;
}

export function section(results: Results): string {
  const { kind, contenders } = results;
  const rows = rowsOf(results);
  const parts = [`### (${letters[kind]}) ${titleOf[kind]}`];
  if (rows.length > 0) parts.push(figuresTable(results, rows));
  parts.push(...disks(results));
  if (kind === "growth") {
    for (const [name, one] of Object.entries(contenders)) {
      if (one.variants.length > 0) parts.push(growthTable(name, one));
    }
  }
  if (kind === "long-run") parts.push(...Object.entries(contenders).flatMap(longRunLine));
  parts.push(...absences(results));
  return parts.join("\n\n");
}

function figuresTable({ kind }: Results, rows: readonly Row[]): string {
  const onDatabase = rows.some(({ database }) => database !== undefined);
  const head = [
    "measured",
    "contender",
    `${unitOf[kind]}/s`,
    "p50 ms",
    "p99 ms",
    "CPU µs each",
    "of that",
    "peak MiB",
    "store bytes each",
    ...(onDatabase ? ["commits each", "statements each", "WAL bytes each"] : []),
  ];
  // Beside each other what is compared.
  const measured = [...new Set(rows.map(groupOf))];
  const sorted = measured.flatMap((group) => rows.filter((row) => groupOf(row) === group));
  const body = sorted.map((row) => [
    groupOf(row),
    [
      row.contender,
      ...(row.failures === 0 ? [] : [`(${row.failures} rounds failed)`]),
      ...(row.cut === 0 ? [] : [`(cut: too slow for a whole wave, ${row.cut} rounds)`]),
    ].join(" "),
    spread(row.rate),
    spread(row.p50Ms),
    spread(row.p99Ms),
    spread(row.cpuUs),
    row.cpuUsOf.length < 2
      ? ""
      : row.cpuUsOf.map(({ name, us }) => `${name} ${figure(us.median)}`).join(", "),
    row.peakBytes === undefined ? "–" : figure(row.peakBytes.median / mib),
    row.storeBytes === undefined ? "–" : figure(row.storeBytes.median),
    ...(onDatabase ? databaseCells(row) : []),
  ]);
  return table(head, body);
}

function databaseCells({ database }: Row): string[] {
  if (database === undefined) return ["–", "–", "–"];
  const { commits, statements, walBytes } = database;
  return [spread(commits), spread(statements), spread(walBytes)];
}

/** What a lone step costs in the disk's own unit. */
function disks(results: Results): string[] {
  const lone = rowsOf(results).filter(({ variant: { workload } }) => {
    return workload.kind === "steps" && workload.inFlight === 1;
  });
  if (lone.length === 0) return [];
  const those = lone.map((row) => `${row.contender} ${spread(row.p50Syncs)}`);
  return [`A lone step's p50 in fdatasyncs of the same round: ${those.join("; ")}.`, disk(results)];
}

function disk({ contenders }: Results): string {
  const rounds = Object.values(contenders).flatMap(({ variants }) =>
    variants.flatMap((variant) => variant.rounds.map((round) => round.disk)),
  );
  const between = (values: readonly number[]): string =>
    `${figure(Math.min(...values))}–${figure(Math.max(...values))} ms`;
  const p50 = between(rounds.map(({ p50Ms }) => p50Ms));
  const p99 = between(rounds.map(({ p99Ms }) => p99Ms));
  return `4 KiB and fdatasync, measured before each turn: p50 ${p50}, p99 ${p99}.`;
}

function growthTable(name: string, results: ContenderResults): string {
  const head = [
    `asleep (${name})`,
    "heap bytes a run, after the fill",
    "RSS",
    "V8's reserve beside it, MiB",
    "heap bytes a run, opened anew",
    "RSS",
    "open after SIGKILL, ms",
    "then the first run, ms",
  ];
  const rows = sleepingCosts(results).map((cost) => [
    count(cost.sleeping),
    spread(cost.heapBytes),
    spread(cost.rssBytes),
    cost.reserveBytes === undefined ? "–" : figure(cost.reserveBytes.median / mib),
    spread(cost.recoveredHeapBytes),
    spread(cost.recoveredRssBytes),
    spread(cost.openMs),
    spread(cost.firstRunMs),
  ]);
  return table(head, rows);
}

function longRunLine([name, { variants }]: readonly [string, ContenderResults]): string[] {
  return variants.map((variant) => {
    const time = lastInFirst(variant, ({ latency }) => latency?.p50Ms);
    const cpu = lastInFirst(variant, ({ processes, operations }) => {
      return processes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / operations;
    });
    return (
      `${name}: the last steps cost ${spread(cpu)} times the CPU of the first, ` +
      `and their p50 is ${spread(time)} times that of the first.`
    );
  });
}

/** Who is not in the table, and why. */
function absences({ kind, contenders }: Results): string[] {
  const lines = Object.entries(contenders).flatMap(([name, { hello, variants }]) => {
    if (hello.missing !== undefined) return `- ${name}: missing (\`${hello.missing}\`)`;
    const does = hello.workloads[kind];
    if (does !== true) return `- ${name}: n/a, ${does}`;
    const failed = variants.flatMap(({ rounds }) => rounds.flatMap(({ error }) => error ?? []));
    const [first] = failed;
    if (first === undefined) return [];
    return `- ${name}: ${failed.length} rounds failed, the first with: ${first.split("\n")[0]}`;
  });
  return lines.length === 0 ? [] : [lines.join("\n")];
}
