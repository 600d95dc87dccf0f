/**
 * Runs a workflow with a kill at every place where it could be killed, and says what went wrong.
 *
 * First it is left alone. What it did then says where it can be killed: after everything that
 * became durable, and between the doing and the recording of every step. Each step also fails for
 * good once, and the run is cancelled wherever it comes to rest, so that what takes steps back is
 * seen at work.
 */
import { PerdureError } from "@perdure/kernel";
import type { AnyWorkflow } from "../../define/workflow.ts";
import { testingLimits } from "../limits.ts";
import { Judge } from "./judge.ts";
import type { CrashOptions, Made } from "./options.ts";
import { planOf, thinned, undisturbed, undoGaps } from "./plan.ts";
import { Player } from "./player.ts";
import { renderCrashTest } from "./render-text.ts";
import type { CrashReport, FindingKind } from "./report.ts";
import type { Play, Scenario } from "./scenario.ts";
import { Sources } from "./sources.ts";

const MAX_SECONDS = 300;

/**
 * Crash-tests a workflow.
 *
 * ```ts
 * const report = await crashTest(returns, { input, answers: { approval: { decision: "approve" } } });
 * expectCrashSafe(report);
 * ```
 *
 * With services of its own for every scenario, and what was done to them compared, too:
 *
 * ```ts
 * await crashTest((shop: Shop) => returnsWorkflow(shop), {
 *   input,
 *   services: () => new FakeShop(),
 *   observe: (shop) => shop.ledger,
 * });
 * ```
 */
export async function crashTest<S = undefined>(
  workflow: AnyWorkflow | ((services: S) => AnyWorkflow),
  options: CrashOptions<S> = {},
): Promise<CrashReport> {
  const startedAt = performance.now();
  const secondsGone = () => (performance.now() - startedAt) / 1000;
  const { maxRuns = testingLimits.scenarios, maxSeconds = MAX_SECONDS, onProgress } = options;
  if (maxRuns < 1) throw new PerdureError("invalid-argument", "maxRuns must be 1 or more");
  const sources = new Sources();
  const baseline = await play(undisturbed, workflow, options, sources);
  const judge = new Judge(baseline, sources, options);
  judge.see(baseline);
  const plan = planOf(baseline, sources);
  const todo = [...thinned(plan, maxRuns - 1)];
  let leftOut = plan.length - todo.length;
  const plays: Pick<Play, "scenario" | "hasHappened">[] = [];
  const gapsKnown = new Set<string>();
  for (let scenario = todo.shift(); scenario; scenario = todo.shift()) {
    const done = plays.length + 1;
    if (secondsGone() > maxSeconds) {
      leftOut += todo.length + 1;
      break;
    }
    onProgress?.({ done, total: done + todo.length + 1, scenario: scenario.title });
    const seen = await play(scenario, workflow, options, sources);
    judge.see(seen);
    plays.push({ scenario, hasHappened: seen.hasHappened });
    const more = undoGaps(seen, gapsKnown, sources);
    const room = Math.max(0, maxRuns - 1 - plays.length - todo.length);
    todo.push(...more.slice(0, room));
    leftOut += Math.max(0, more.length - room);
  }
  const findings = judge.findings();
  const count = (type: Scenario["type"]) =>
    plays.filter(({ scenario, hasHappened }) => scenario.type === type && hasHappened).length;
  return {
    workflow: baseline.runs[0]?.spec.workflow ?? "",
    ending: judge.ending(),
    isSafe: findings.length === 0,
    findings,
    notes: notesOf(baseline, leftOut),
    figures: {
      scenarios: plays.length + 1,
      positions: baseline.commits.at(-1)?.total ?? 0,
      kills: count("kill"),
      gaps: count("gap"),
      failures: count("fail"),
      cancellations: count("cancel"),
      missed: plays.filter(({ hasHappened }) => !hasHappened).length,
      leftOut,
      repeatedSteps: judge.repeatedSteps,
      undosTaken: judge.undosTaken,
      virtualMs: baseline.virtualMs,
      seconds: secondsGone(),
    },
  };
}

/** Throws with the whole report when there is a finding, but for kinds that are allowed. */
export function expectCrashSafe(
  report: CrashReport,
  options: { readonly allow?: readonly FindingKind[] } = {},
): void {
  const { allow = [] } = options;
  const findings = report.findings.filter(({ kind }) => !allow.includes(kind));
  if (findings.length === 0) return;
  throw new Error(`the crash test has findings\n\n${renderCrashTest({ ...report, findings })}`);
}

async function play<S>(
  scenario: Scenario,
  workflow: AnyWorkflow | ((services: S) => AnyWorkflow),
  options: CrashOptions<S>,
  sources: Sources,
): Promise<Play> {
  // Without `services`, S is undefined.
  const services = (await options.services?.()) as S;
  const made = <T>(value: Made<T, S>): T =>
    typeof value === "function" ? (value as (services: S) => T)(services) : value;
  const { services: _made, observe, release, ...rest } = options;
  const cast = {
    workflow: made(workflow),
    workflows: made(options.workflows ?? []),
    tasks: made(options.tasks ?? []),
    objects: made(options.objects ?? []),
  };
  try {
    const played = await new Player(scenario, cast, rest as CrashOptions, sources).play();
    return { ...played, observed: observe?.(services) };
  } finally {
    await release?.(services);
  }
}

function notesOf({ ending, halts }: Play, leftOut: number): string[] {
  const notes: string[] = [];
  if (ending.type === "stuck" && halts.length === 0) {
    const on = ending.on.join(", ");
    notes.push(`Not driven further: ${on}. Give what it waits for as answers.`);
  } else if (ending.type === "parked" || ending.type === "endless") {
    notes.push("The undisturbed run came to no end; places after that were not tried.");
  }
  if (leftOut > 0) {
    notes.push(`${leftOut} scenarios were left out: raise maxRuns or maxSeconds to try them all.`);
  }
  return notes;
}
