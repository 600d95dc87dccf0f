import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Hello } from "../contender.ts";
import type { PhaseFigures } from "../measure.ts";
import { mergeResults, readResults, type ContenderResults, type Round } from "../results.ts";
import type { Workload, WorkloadKind } from "../workload.ts";
import { nodesSection } from "./nodes-section.ts";
import { reportOf, writeReport } from "./report.ts";
import { sizing } from "./sizing.ts";
import { lastInFirst, rowsOf, sleepingCosts } from "./summary.ts";
import { figure, spread, table } from "./text.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "perdure-report-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const does = {
  steps: true,
  "no-steps": true,
  "fan-out": "has no children",
  increments: true,
  signals: true,
  "remote-steps": true,
  jobs: true,
  growth: true,
  "long-run": true,
  "step-runs": true,
} as const;

function helloOf(name: string): Hello {
  const versions = { [name]: "1.2.3" };
  return { name, versions, durability: "synced", settings: "none", workloads: does };
}

const machine = { cores: 2, cpu: "a CPU", memoryBytes: 4 * 2 ** 30, kernel: "6.1", node: "v24" };
const suite = { begunAt: "2026-01-01T00:00:00.000Z", machine, seconds: 2 };
const disk = { syncsPerSecond: 5_000, p50Ms: 0.2, p99Ms: 0.9 };

function phase(name: string, operations: number, more: Partial<PhaseFigures> = {}): PhaseFigures {
  return {
    phase: name,
    operations,
    elapsedMs: 2_000,
    latency: { count: operations, p50Ms: 0.4, p99Ms: 3 },
    processes: [
      { name: "engine", cpuMs: operations / 10, peakBytes: 100 * 2 ** 20 },
      { name: "database", cpuMs: operations / 20, peakBytes: 50 * 2 ** 20 },
    ],
    storeBytes: operations * 100,
    storeOperations: operations,
    ...more,
  };
}

function contender(name: string, workload: Workload, rounds: readonly Round[]): ContenderResults {
  return { hello: helloOf(name), suite, variants: [{ workload, seconds: 2, rounds }] };
}

const lone: Workload = { kind: "steps", inFlight: 1 };

function stepRounds(...operations: number[]): Round[] {
  return operations.map((count) => ({ disk, phases: [phase("run", count)] }));
}

test("a row has medians and ranges of the good rounds, per operation, and counts the others", () => {
  const rounds: Round[] = [...stepRounds(2_000, 6_000, 4_000), { disk, error: "it broke" }];
  const results = { kind: "steps" as const, contenders: { one: contender("one", lone, rounds) } };
  const [row] = rowsOf(results);
  expect(row).toMatchObject({
    contender: "one",
    phase: "run",
    rate: { median: 2_000, lowest: 1_000, highest: 3_000, rounds: 3 },
    p50Ms: { median: 0.4 },
    p99Ms: { median: 3 },
    cpuUs: { median: 150 },
    cpuUsOf: [
      { name: "engine", us: { median: 100 } },
      { name: "database", us: { median: 50 } },
    ],
    peakBytes: { median: 150 * 2 ** 20 },
    storeBytes: { median: 100 },
    p50Syncs: { median: 2 },
    failures: 1,
  });
});

test("what a database did is told for an operation, beside those that have none", () => {
  const database = { commits: 400, statements: 8_000, walBytes: 4_000_000 };
  const rounds = [{ disk, phases: [phase("run", 2_000, { database })] }];
  const results = {
    kind: "steps" as const,
    contenders: {
      one: contender("one", lone, rounds),
      two: contender("two", lone, stepRounds(2_000)),
    },
  };
  const [one, two] = rowsOf(results);
  expect(one?.database).toMatchObject({
    commits: { median: 0.2 },
    statements: { median: 4 },
    walBytes: { median: 2_000 },
  });
  expect(two?.database).toBeUndefined();
  const text = reportOf([results], []);
  expect(text).toMatch(/commits each \| statements each \| WAL bytes each/);
  expect(text).toMatch(/\| 0.200 +\| 4.00 +\| 2,000 +\|/);
});

test("a sleeping run's memory is what the engine has more than the same round's without any", () => {
  const round = (heapBytes: number, openMs: number): Round => ({
    disk,
    phases: [phase("start", 10)],
    memory: { heapBytes, rssBytes: heapBytes * 10, reserveBytes: heapBytes * 5 },
    recovery: {
      openMs,
      firstRunMs: 5,
      memory: { heapBytes, rssBytes: heapBytes * 2, reserveBytes: 0 },
    },
  });
  const growth = (sleeping: number, rounds: readonly Round[]) => {
    return { workload: { kind: "growth", sleeping } as const, seconds: 2, rounds };
  };
  const costs = sleepingCosts({
    hello: helloOf("one"),
    suite,
    variants: [
      growth(0, [round(1_000, 10), round(2_000, 12), round(3_000, 14)]),
      growth(100, [round(3_000, 100), { disk, error: "it broke" }, round(9_000, 300)]),
    ],
  });
  expect(costs).toEqual([
    expect.objectContaining({ sleeping: 0, heapBytes: undefined }),
    expect.objectContaining({
      sleeping: 100,
      heapBytes: { median: 40, lowest: 20, highest: 60, rounds: 2 },
      rssBytes: { median: 400, lowest: 200, highest: 600, rounds: 2 },
      recoveredHeapBytes: { median: 40, lowest: 20, highest: 60, rounds: 2 },
      reserveBytes: { median: 30_000, lowest: 15_000, highest: 45_000, rounds: 2 },
      recoveredRssBytes: { median: 80, lowest: 40, highest: 120, rounds: 2 },
      openMs: { median: 200, lowest: 100, highest: 300, rounds: 2 },
    }),
  ]);
});

test("the last steps of a long run are compared with the first of the same round", () => {
  const round = (first: number, last: number): Round => ({
    disk,
    phases: [
      phase("first", 10, { elapsedMs: first }),
      phase("middle", 80),
      phase("last", 10, { elapsedMs: last }),
    ],
  });
  const variant = {
    workload: { kind: "long-run", steps: 100 } as const,
    seconds: 0,
    rounds: [round(10, 11), round(20, 20), round(10, 15)],
  };
  expect(lastInFirst(variant, ({ elapsedMs }) => elapsedMs)).toMatchObject({
    median: 1.1,
    lowest: 1,
    highest: 1.5,
  });
});

test("measuring a contender anew replaces its figures and leaves the others'", () => {
  const fresh = (name: string, ...operations: number[]) => ({
    kind: "steps" as const,
    contenders: { [name]: contender(name, lone, stepRounds(...operations)) },
  });
  mergeResults(folder, fresh("one", 1));
  mergeResults(folder, fresh("two", 2));
  mergeResults(folder, fresh("one", 3, 4));
  const { contenders } = readResults(folder, "steps")!;
  const roundsOf = (name: string) =>
    contenders[name]?.variants[0]?.rounds.map((round) => {
      return round.error === undefined ? round.phases[0]?.operations : undefined;
    });
  expect(roundsOf("one")).toEqual([3, 4]);
  expect(roundsOf("two")).toEqual([2]);
});

const readme = `# Benchmarks

Prose.

<!-- Written by \`npm run bench -- report\`. -->

old

<!-- Up to here. -->

More prose.
`;

test("the report is made of the results alone: written twice, it is the same to the byte", () => {
  const file = join(folder, "README.md");
  const written = (text: string) => {
    writeFileSync(file, text);
    writeReport(folder, file);
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
    );
  };
  const merge = (kind: WorkloadKind, name: string, workload: Workload, rounds: Round[]) => {
    mergeResults(folder, { kind, contenders: { [name]: contender(name, workload, rounds) } });
  };
  merge("steps", "perdure", lone, stepRounds(8_000, 9_000));
  merge("steps", "other<&>", lone, stepRounds(80));
  merge("fan-out", "other<&>", { kind: "fan-out", children: 2, inFlight: 1 }, []);
  const first = written(readme);
  const second = written(first["README.md"]!);
  expect(second).toEqual(first);

  const report = first["README.md"]!;
  expect(report.startsWith("# Benchmarks\n\nProse.\n")).toBe(true);
  expect(report.endsWith("\n\nMore prose.\n")).toBe(true);
  expect(report).not.toContain("old");
  expect(report).toContain("4,250 (4,000–4,500)");
  expect(report).toContain("p50 in fdatasyncs of the same round: perdure 2.00; other<&> 2.00");
  expect(report).toContain("- other<&>: n/a, has no children");
  expect(report).toContain("![steps-rate](results/steps-rate.svg)");
  const chart = first["steps-rate.svg"]!;
  expect(chart).toContain("other&lt;&amp;&gt;");
  expect(chart).toContain("prefers-color-scheme: dark");
});

test("what a step costs on PostgreSQL becomes what machines are needed", () => {
  expect(sizing(folder)).toBeUndefined();
  const workload: Workload = { kind: "steps", inFlight: 64 };
  const figures = phase("run", 2_000, {
    processes: [
      { name: "application", cpuMs: 100, peakBytes: 1 },
      { name: "postgres", cpuMs: 40, peakBytes: 1 },
    ],
    database: { commits: 200, statements: 800, walBytes: 1_600_000 },
  });
  const rounds = [{ disk, phases: [figures] }];
  const contenders = { "perdure-postgres": contender("perdure-postgres", workload, rounds) };
  mergeResults(folder, { kind: "steps", contenders });
  const text = sizing(folder);
  expect(text).toContain("took 50.0 µs of CPU in the node");
  // Twice the 0.5 and 0.2 cores that 10,000 steps take, since a core is to be half busy.
  expect(text).toMatch(/\| 10,000 +\| 1.00 +\| 0.400 +\| 8.00 +\| 1,000 +\|/);
});

test("the drill of nodes is told in seconds, and an idle cluster by its size", () => {
  const text = nodesSection({
    suite,
    takeovers: [
      { answersMs: 2_000, finishedMs: 2_500 },
      { answersMs: 3_000, finishedMs: 3_500 },
    ],
    idle: [
      {
        nodes: 3,
        databases: 1,
        statementsPerSecond: 12.5,
        commitsPerSecond: 6,
        walBytesPerSecond: 1_044,
        cpuMsPerSecond: 20,
      },
    ],
  });
  expect(text).toContain("wherever it led: 2.50 (2.00–3.00)");
  expect(text).toMatch(/\| 3 +\| 1 +\| 12.5 +\| 6.00 +\| 1,044 +\| 20.0 +\|/);
});

test("a README without the marks is left alone, and the error says so", () => {
  const file = join(folder, "README.md");
  writeFileSync(file, "# No marks\n");
  expect(() => writeReport(folder, file)).toThrow("no place for the report");
  expect(readFileSync(file, "utf8")).toBe("# No marks\n");
});

test("figures have three digits that count, whole numbers their commas, and tables are padded", () => {
  expect([0.12345, 1.2345, 12.345, 123.45, 12_345.6, 0].map(figure)).toEqual([
    "0.123",
    "1.23",
    "12.3",
    "123",
    "12,346",
    "0",
  ]);
  expect(figure(Number.NaN)).toBe("–");
  expect(spread({ median: 2_000, lowest: 1_000, highest: 3_000, rounds: 3 }, 1_000)).toBe(
    "2.00 (1.00–3.00)",
  );
  expect(table(["a", "name"], [["1", "x"]])).toBe("| a   | name |\n| --- | ---- |\n| 1   | x    |");
});
