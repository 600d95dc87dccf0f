/**
 * The ledger against the journals: what a journal says was done was done, under one key; what was
 * done by a run that failed or was cancelled was taken back, the last first.
 */
import type { RunEvent, RunEventOf } from "@perdure/kernel";
import { valueOf } from "../load/payloads.ts";
import type { Ledger } from "../programs/ledger.ts";
import { nodesOf, type Program } from "../programs/program.ts";
import { mayStray } from "../programs/strays.ts";
import type { Shadow, ShadowRun } from "./shadow.ts";
import type { Violations } from "./violations.ts";

export function checkEffects(shadow: Shadow, ledger: Ledger, violations: Violations): void {
  for (const run of shadow.runs()) {
    const { spec } = run.state;
    if (spec?.workflow !== "main") continue;
    const problem = checkDone(run, valueOf(spec.input) as Program, ledger) ?? checkUndone(run);
    if (problem !== undefined) violations.report("effects", `${run.runId}: ${problem}`);
  }
}

/** A fork's first events were lived by another run. */
function lived({ events }: ShadowRun): readonly RunEvent[] {
  const fork = events.findLast((event) => event.kind === "run.forked");
  return fork === undefined ? events : events.slice(fork.seq);
}

function checkDone(run: ShadowRun, program: Program, ledger: Ledger): string | undefined {
  for (const event of lived(run)) {
    if (event.kind !== "step.completed") continue;
    const effect = ledger.find(`${run.runId}:${event.key}`);
    if (effect === undefined) return `${event.key} is said to be done, and nothing was done`;
    const doubtful = effect.executions.some(({ maybeRan, isStray }) => maybeRan && !isStray);
    if (doubtful && !event.maybeRan && !mayStray(program)) {
      return `${event.key} may have run more than once, and the journal does not say so`;
    }
    const isUndo = event.key.startsWith("undo:");
    if (isUndo) continue;
    const output = valueOf(event.output);
    if (output !== effect.output) {
      return `${event.key} gave ${String(output)}, the world says ${effect.output}`;
    }
  }
  return undefined;
}

function checkUndone(run: ShadowRun): string | undefined {
  const { outcome, spec } = run.state;
  if (outcome === undefined || spec === undefined) return undefined;
  const completed = run.events.filter((event) => event.kind === "step.completed");
  const undone = completed.filter(({ key }) => key.startsWith("undo:"));
  if (outcome.status === "completed" || outcome.status === "continued") {
    return undone.length > 0
      ? `it ${outcome.status} and ${undone[0]?.key} was taken back`
      : undefined;
  }
  if (outcome.status !== "failed" && outcome.status !== "cancelled") return undefined;
  const undoable = undoableOf(valueOf(spec.input) as Program);
  return inReverse(
    completed.filter((event) => isUndoable(event, undoable)),
    undone,
  );
}

/** Every step that can be taken back, the last to succeed first. */
function inReverse(
  done: readonly RunEventOf<"step.completed">[],
  undone: readonly RunEventOf<"step.completed">[],
): string | undefined {
  const expected = done.map(({ key }) => key).toReversed();
  const actual = undone.map(({ key }) => key.slice("undo:".length));
  const missing = expected.find((key) => !actual.includes(key));
  if (missing !== undefined) return `${missing} succeeded and was never taken back`;
  if (new Set(actual).size !== actual.length) return "a step was taken back twice";
  return undefined;
}

function isUndoable(event: RunEventOf<"step.completed">, undoable: ReadonlySet<string>): boolean {
  return undoable.has(event.name === "work" ? String(valueOf(event.output)) : event.name);
}

/** Local steps by name, tasks by what they give. */
function undoableOf(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { node, program: owner } of nodesOf({ id: program.id, body: program.body })) {
    if (owner.id !== program.id) continue;
    if (node.type === "step" && node.undo) names.add(`s${node.op}`);
    if (node.type === "task" && node.undo) names.add(`${program.id}:${node.op}`);
  }
  return names;
}
