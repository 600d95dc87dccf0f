/** Medians and ranges of what the rounds say. */
import type { DatabaseCounters } from "../contender.ts";
import type { Measurement, PhaseFigures } from "../measure.ts";
import type { ContenderResults, Results, Round, Variant } from "../results.ts";
import { spreadOf, type Spread } from "../statistics.ts";

export interface Row {
  readonly contender: string;
  readonly variant: Variant;
  readonly phase: string;
  /** Operations a second. */
  readonly rate: Spread | undefined;
  readonly p50Ms: Spread | undefined;
  readonly p99Ms: Spread | undefined;
  /** µs of all processes' CPU an operation, and of each. */
  readonly cpuUs: Spread | undefined;
  readonly cpuUsOf: readonly { readonly name: string; readonly us: Spread }[];
  /** The peaks of all processes, added. */
  readonly peakBytes: Spread | undefined;
  readonly storeBytes: Spread | undefined;
  /** What its PostgreSQL did for an operation; undefined: it has none. */
  readonly database: DatabaseRow | undefined;
  /** `p50Ms` in fdatasyncs of the same round. */
  readonly p50Syncs: Spread | undefined;
  readonly failures: number;
  /** Rounds in which not all that was begun was waited for. */
  readonly cut: number;
}

export interface DatabaseRow {
  readonly commits: Spread;
  readonly statements: Spread;
  readonly walBytes: Spread;
}

type Good = Extract<Round, Measurement>;

export function goodRounds(variant: Variant): readonly Good[] {
  return variant.rounds.filter((round): round is Good => round.error === undefined);
}

export function rowsOf(results: Results): readonly Row[] {
  return Object.entries(results.contenders).flatMap(([contender, { variants }]) =>
    variants.flatMap((variant) => phaseRows(contender, variant)),
  );
}

function phaseRows(contender: string, variant: Variant): readonly Row[] {
  const rounds = goodRounds(variant);
  const phases = [...new Set(rounds.flatMap((round) => round.phases.map(({ phase }) => phase)))];
  return phases.map((phase) => {
    const all = rounds.flatMap(({ disk, phases: measured }) =>
      measured
        .filter((one) => one.phase === phase && one.operations > 0)
        .map((figures) => ({ figures, disk })),
    );
    const over = (pick: (one: PhaseFigures) => number | undefined): Spread | undefined =>
      spreadOf(all.flatMap(({ figures }) => pick(figures) ?? []));
    return {
      contender,
      variant,
      phase,
      rate: over(({ operations, elapsedMs }) => (operations / elapsedMs) * 1_000),
      p50Ms: over(({ latency }) => latency?.p50Ms),
      p99Ms: over(({ latency }) => latency?.p99Ms),
      cpuUs: over(({ processes, operations }) => {
        return (sum(processes.map(({ cpuMs }) => cpuMs)) / operations) * 1_000;
      }),
      cpuUsOf: cpuByProcess(all.map(({ figures }) => figures)),
      peakBytes: over(({ processes }) => sum(processes.map(({ peakBytes }) => peakBytes))),
      storeBytes: over(({ storeBytes, storeOperations }) => storeBytes / storeOperations),
      database: databaseRow(all.map(({ figures }) => figures)),
      p50Syncs: spreadOf(
        all.flatMap(({ figures: { latency }, disk }) => {
          return latency === undefined ? [] : latency.p50Ms / disk.p50Ms;
        }),
      ),
      failures: variant.rounds.length - rounds.length,
      cut: all.filter(({ figures }) => figures.unfinished !== undefined).length,
    };
  });
}

function databaseRow(phases: readonly PhaseFigures[]): DatabaseRow | undefined {
  const each = (pick: (counters: DatabaseCounters) => number): Spread | undefined =>
    spreadOf(
      phases.flatMap(({ database, operations }) => {
        return database === undefined ? [] : pick(database) / operations;
      }),
    );
  const [commits, statements] = [each((one) => one.commits), each((one) => one.statements)];
  const walBytes = each((one) => one.walBytes);
  return commits && statements && walBytes ? { commits, statements, walBytes } : undefined;
}

function cpuByProcess(phases: readonly PhaseFigures[]): Row["cpuUsOf"] {
  const names = [...new Set(phases.flatMap(({ processes }) => processes.map(({ name }) => name)))];
  return names.flatMap((name) => {
    const us = spreadOf(
      phases.flatMap(({ processes, operations }) =>
        processes
          .filter((one) => one.name === name)
          .map(({ cpuMs }) => (cpuMs / operations) * 1_000),
      ),
    );
    return us === undefined ? [] : [{ name, us }];
  });
}

/** Bytes a sleeping run, against the same round's engine with none. */
export interface SleepingCost {
  readonly sleeping: number;
  readonly heapBytes: Spread | undefined;
  readonly rssBytes: Spread | undefined;
  /** The same in the process that has opened the store after SIGKILL. */
  readonly recoveredHeapBytes: Spread | undefined;
  readonly recoveredRssBytes: Spread | undefined;
  /** In all, not a run: what V8 held after the fill, for later. */
  readonly reserveBytes: Spread | undefined;
  readonly openMs: Spread | undefined;
  readonly firstRunMs: Spread | undefined;
}

export function sleepingCosts({ variants }: ContenderResults): readonly SleepingCost[] {
  const sleepingOf = ({ workload }: Variant): number =>
    workload.kind === "growth" ? workload.sleeping : 0;
  const none = variants.find((variant) => sleepingOf(variant) === 0);
  return variants.map((variant) => {
    const sleeping = sleepingOf(variant);
    const each = (read: (round: Good) => number | undefined): Spread | undefined =>
      spreadOf(
        variant.rounds.flatMap((round, index) => {
          const base = none?.rounds[index];
          if (sleeping === 0 || round.error !== undefined) return [];
          if (base === undefined || base.error !== undefined) return [];
          const [more, less] = [read(round), read(base)];
          return more === undefined || less === undefined ? [] : (more - less) / sleeping;
        }),
      );
    const recovery = goodRounds(variant).flatMap((round) => round.recovery ?? []);
    return {
      sleeping,
      heapBytes: each(({ memory }) => memory?.heapBytes),
      rssBytes: each(({ memory }) => memory?.rssBytes),
      recoveredHeapBytes: each((round) => round.recovery?.memory?.heapBytes),
      recoveredRssBytes: each((round) => round.recovery?.memory?.rssBytes),
      reserveBytes: spreadOf(
        goodRounds(variant).flatMap(({ memory }) => memory?.reserveBytes ?? []),
      ),
      openMs: spreadOf(recovery.map(({ openMs }) => openMs)),
      firstRunMs: spreadOf(recovery.map(({ firstRunMs }) => firstRunMs)),
    };
  });
}

/** The last steps' cost in the first's, of the same round. */
export function lastInFirst(
  variant: Variant,
  cost: (phase: PhaseFigures) => number | undefined,
): Spread | undefined {
  return spreadOf(
    goodRounds(variant).flatMap(({ phases }) => {
      const of = (name: string): number | undefined => {
        const found = phases.find(({ phase }) => phase === name);
        return found && cost(found);
      };
      const [first, last] = [of("first"), of("last")];
      return first === undefined || last === undefined ? [] : last / first;
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
