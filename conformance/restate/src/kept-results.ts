/**
 * The results that the repository keeps, a file for each server. A written run replaces what was
 * kept of the same mode and faults; times are not kept, since they differ from run to run.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { faultKinds, modes, type Against, type Faults, type Mode } from "./mode.ts";
import type { Result } from "./results.ts";

export interface KeptRun {
  readonly mode: Mode;
  readonly faults: Faults;
  readonly seed?: number;
  /** By class, then by scenario: `passed`, `failed`, or why it was left out. */
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface KeptResults {
  readonly server: string;
  readonly sdk: string;
  readonly runs: readonly KeptRun[];
}

const folder = join(import.meta.dirname, "../results");

const fileOf = (against: Against): string => join(folder, `${against}.json`);

export async function keptResults(against: Against): Promise<KeptResults | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(against), "utf8")) as KeptResults;
  } catch {
    return undefined;
  }
}

export async function keep(
  against: Against,
  seed: number,
  results: readonly Result[],
): Promise<void> {
  const before = (await keptResults(against))?.runs ?? [];
  const runs = new Map(before.map((run) => [nameOf(run), run]));
  for (const [name, ofRun] of Map.groupBy(results, nameOf)) runs.set(name, keptRun(ofRun, seed));
  const kept: KeptResults = {
    server: await versionOf(serverPackages[against]),
    sdk: await versionOf("../node_modules/@restatedev/restate-sdk/package.json"),
    runs: [...runs.values()].toSorted((a, b) => orderOf(a) - orderOf(b)),
  };
  await writeFile(fileOf(against), `${JSON.stringify(kept, undefined, 2)}\n`);
}

/** The undisturbed first, in the order of the modes. */
const orderOf = ({ mode, faults }: KeptRun): number =>
  faultKinds.indexOf(faults) * modes.length + modes.indexOf(mode);

const nameOf = ({ mode, faults }: { mode: Mode; faults: Faults }): string => `${faults} ${mode}`;

function keptRun(results: readonly Result[], seed: number): KeptRun {
  const [first] = results;
  if (first === undefined) throw new Error("a run without results is not kept");
  const verdicts: Record<string, Record<string, string>> = {};
  for (const { className, scenario, verdict } of sorted(results)) {
    const kept = verdict.kind === "left out" ? verdict.why : verdict.kind;
    verdicts[className] = { ...verdicts[className], [scenario]: kept };
  }
  const { mode, faults } = first;
  return { mode, faults, ...(faults === "none" ? {} : { seed }), verdicts };
}

const sorted = (results: readonly Result[]): Result[] =>
  results.toSorted(
    (a, b) => a.className.localeCompare(b.className) || a.scenario.localeCompare(b.scenario),
  );

const serverPackages = {
  perdure: "../../../packages/cli/package.json",
  reference: "../node_modules/@restatedev/restate-server/package.json",
} as const;

async function versionOf(path: string): Promise<string> {
  const text = await readFile(new URL(path, import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
