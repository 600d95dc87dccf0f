/**
 * What was measured, in `results/<kind>.json`: every round as it was, by contender. Measuring some
 * contenders anew replaces theirs and leaves the others'.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hello } from "./contender.ts";
import type { DiskFigures } from "./disk.ts";
import type { Machine } from "./machine.ts";
import type { Measurement } from "./measure.ts";
import { kinds } from "./plan.ts";
import type { Workload, WorkloadKind } from "./workload.ts";

export interface Results {
  readonly kind: WorkloadKind;
  /** By name. */
  readonly contenders: Readonly<Record<string, ContenderResults>>;
}

export interface ContenderResults {
  readonly hello: Hello;
  readonly suite: Suite;
  /** Empty when the contender is missing, or does not do this. */
  readonly variants: readonly Variant[];
}

/** Contenders of one suite took turns; those of different suites did not. */
export interface Suite {
  /** ISO 8601. */
  readonly begunAt: string;
  readonly machine: Machine;
}

export interface Variant {
  readonly workload: Workload;
  /** Of each phase that goes on until told. */
  readonly seconds: number;
  readonly rounds: readonly Round[];
}

/** The disk was measured in the same round. */
export type Round = { readonly disk: DiskFigures } & (
  | ({ readonly error?: undefined } & Measurement)
  | { readonly error: string }
);

export function readResults(folder: string, kind: WorkloadKind): Results | undefined {
  const file = join(folder, `${kind}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
}

export function readAllResults(folder: string): readonly Results[] {
  return kinds.flatMap((kind) => readResults(folder, kind) ?? []);
}

export function mergeResults(folder: string, fresh: Results): void {
  mkdirSync(folder, { recursive: true });
  const contenders = { ...readResults(folder, fresh.kind)?.contenders, ...fresh.contenders };
  const text = JSON.stringify({ kind: fresh.kind, contenders }, shortened, 1);
  writeFileSync(join(folder, `${fresh.kind}.json`), `${text}\n`);
}

/** To a thousandth, which is more than is known. */
function shortened(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
}
