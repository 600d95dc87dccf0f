/** The scenarios of a crash test, found in what the undisturbed run did. Their order is fixed. */
import { baseOf } from "../check/edits.ts";
import { undoneBy, type Execution } from "./executions.ts";
import type { Commit, Play, Scenario } from "./scenario.ts";
import type { Sources } from "./sources.ts";

export const undisturbed: Scenario = { type: "undisturbed", title: "left alone" };
const again: Scenario = { type: "again", title: "left alone once more" };

export function planOf(baseline: Play, sources: Sources): Scenario[] {
  const steps = distinct(baseline.executions);
  const place = ({ workflow, key }: Execution) => sources.step(workflow, key);
  const acted = steps.filter(({ id }) =>
    baseline.executions.some((execution) => execution.id === id && execution.hasActed),
  );
  return [
    again,
    ...steps
      .filter(({ key }) => undoneBy(key) === undefined)
      .map((step): Scenario => {
        const title = `"${step.key}" failed for good`;
        return { type: "fail", title, fail: step.id, at: place(step) };
      }),
    ...Array.from({ length: baseline.rests }, (_, index): Scenario => {
      const title = `cancelled when it had come to rest (${index + 1} of ${baseline.rests})`;
      return { type: "cancel", title, cancelAt: index + 1 };
    }),
    ...(baseline.answers > 0
      ? [{ type: "unanswered", title: "nobody answered" } satisfies Scenario]
      : []),
    ...baseline.commits.map((commit): Scenario => {
      const { what, at } = described(commit, baseline, sources);
      return { type: "kill", title: `killed after ${what}`, killAfter: commit.total, at };
    }),
    ...acted.map((step): Scenario => {
      const title = `killed when "${step.key}" had acted and nobody had heard of it`;
      return { type: "gap", title, gap: step.id, at: place(step) };
    }),
  ];
}

/** Undos that a play has taken and that were not killed in their own gap yet. */
export function undoGaps(play: Play, known: Set<string>, sources: Sources): Scenario[] {
  if (play.scenario.gap !== undefined || play.scenario.killAfter !== undefined) return [];
  return distinct(play.executions)
    .filter(({ key, hasActed }) => undoneBy(key) !== undefined && hasActed)
    .filter(({ workflow, key }) => {
      const name = `${workflow}\n${baseOf(key)}`;
      return !known.has(name) && known.add(name);
    })
    .map(({ id, key, workflow }) => ({
      ...play.scenario,
      type: "gap",
      title: `${play.scenario.title}, then killed when "${key}" had acted`,
      gap: id,
      at: sources.step(workflow, key),
    }));
}

/** Evenly, and the same each time. */
export function thinned(scenarios: readonly Scenario[], room: number): readonly Scenario[] {
  if (scenarios.length <= room) return scenarios;
  return scenarios.filter((_, index) => {
    const before = Math.floor((index * room) / scenarios.length);
    return Math.floor(((index + 1) * room) / scenarios.length) > before;
  });
}

function distinct(executions: readonly Execution[]): Execution[] {
  const first = new Map<string, Execution>();
  for (const execution of executions) {
    if (!first.has(execution.id)) first.set(execution.id, execution);
  }
  return [...first.values()];
}

/** The last event of a commit, as the undisturbed run has it, and the call that it belongs to. */
function described(
  { events }: Commit,
  { runs }: Play,
  sources: Sources,
): { readonly what: string; readonly at: string | undefined } {
  const last = events.at(-1);
  const run = runs.find(({ spec }) => spec.runId === last?.runId);
  const event = run?.events[(last?.from ?? 1) + (last?.count ?? 1) - 2];
  if (!run || !event) return { what: "an event of another run", at: undefined };
  const { workflow } = run.spec;
  const key = "key" in event ? (event.key ?? "") : "";
  const what = `event ${event.seq} of ${workflow}: ${event.kind}${key === "" ? "" : ` "${key}"`}`;
  return { what, at: key === "" ? undefined : sources.anyOf(workflow, key) };
}
