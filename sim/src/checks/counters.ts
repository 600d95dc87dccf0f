/**
 * The keyed lists. One handler at a time writes them, so every list that was ever read is a prefix
 * of what is there in the end (list-append, after Kingsbury and Alvaro's Elle), and what a handler
 * that completed has added is there exactly once.
 */
import { keyStream, type KeyState } from "@perdure/kernel";
import { valueOf } from "../load/payloads.ts";
import { counterOf } from "../programs/surroundings.ts";
import { counters } from "../programs/generate.ts";
import type { Shadow, ShadowRun } from "./shadow.ts";
import type { Violations } from "./violations.ts";

export function checkCounters(shadow: Shadow, violations: Violations): void {
  for (const name of counters) {
    const id = counterOf(name);
    const problem = checkCounter(shadow, id);
    if (problem !== undefined) violations.report("4", `${id}: ${problem}`);
  }
}

function checkCounter(shadow: Shadow, id: string): string | undefined {
  const runs = shadow.runs().filter(({ state }) => state.spec?.key?.id === id);
  const key = runs[0]?.state.spec?.key;
  if (key === undefined) return undefined;
  const state = shadow.streams.get(keyStream(key))?.state as KeyState | undefined;
  const entries = (valueOf(state?.entries.get("entries")) ?? []) as readonly string[];
  const twice = entries.find((entry) => count(entries, entry) > handlersFor(runs, entry));
  if (twice !== undefined) return `${twice} is there more often than it was added`;
  for (const run of runs) {
    const problem = checkHandler(run, entries);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function count(entries: readonly string[], wanted: string): number {
  return entries.filter((entry) => entry === wanted).length;
}

/** One, but for a fork, which calls again what its original had called. */
function handlersFor(runs: readonly ShadowRun[], entry: string): number {
  const isFor = ({ state }: ShadowRun): boolean =>
    state.spec?.workflow.endsWith(".add") === true && valueOf(state.spec.input) === entry;
  return runs.filter(isFor).length;
}

function checkHandler({ state, runId }: ShadowRun, entries: readonly string[]): string | undefined {
  const { outcome, spec } = state;
  if (outcome?.status !== "completed" || spec === undefined) return undefined;
  const read = (valueOf(outcome.output) ?? []) as readonly string[];
  if (read.some((entry, i) => entries[i] !== entry)) return `${runId} read what is no prefix`;
  if (!spec.workflow.endsWith(".add")) return undefined;
  const added = String(valueOf(spec.input));
  if (entries[read.length] === added) return undefined;
  return `${runId} added ${added} after ${read.length} entries, where ${entries[read.length]} is`;
}
