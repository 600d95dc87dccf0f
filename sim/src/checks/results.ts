/** When the dust has settled: every run's end against the model of its program. */
import type { Outcome, RunEvent } from "@perdure/kernel";
import type { LoadRecord } from "../load/record.ts";
import { valueOf } from "../load/payloads.ts";
import { mayFail, verifyResult, type Evidence } from "../programs/model.ts";
import type { Program } from "../programs/program.ts";
import type { Shadow, ShadowRun } from "./shadow.ts";
import type { Violations } from "./violations.ts";

export function checkResults(shadow: Shadow, record: LoadRecord, violations: Violations): void {
  for (const run of shadow.runs()) {
    const { spec, outcome } = run.state;
    if (spec?.workflow !== "main" || outcome === undefined) continue;
    const program = valueOf(spec.input) as Program;
    const problem = judge(run, program, outcome, evidenceFor(run, shadow, record));
    if (problem === undefined) continue;
    violations.report("result", `${run.runId} (${program.id}): ${problem}`);
  }
}

function judge(
  { events, state }: ShadowRun,
  program: Program,
  outcome: Outcome,
  evidence: Evidence & { readonly isTerminated: boolean },
): string | undefined {
  switch (outcome.status) {
    case "completed":
      if (program.next !== undefined) return "it completed and should have continued as new";
      return verifyResult(program, valueOf(outcome.output), evidence);
    case "failed":
      if (mayFail({ ...program, body: program.body }, outcome.failure.code, evidence))
        return undefined;
      return `it failed with ${outcome.failure.code}: ${outcome.failure.message}`;
    case "cancelled":
      return evidence.isCancelled ? undefined : "it was cancelled and nobody had asked for it";
    case "terminated":
      return evidence.isTerminated ? undefined : "it was terminated and nobody had asked for it";
    case "timedOut": {
      const { runTimeoutMs } = state.spec ?? {};
      if (runTimeoutMs === undefined) return "it timed out and has no timeout";
      const lastedMs = (events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0);
      return lastedMs >= runTimeoutMs ? undefined : `it timed out after ${lastedMs} ms`;
    }
    case "continued":
      return program.next === undefined ? "it continued and has no next program" : undefined;
  }
}

function evidenceFor(
  run: ShadowRun,
  shadow: Shadow,
  record: LoadRecord,
): Evidence & { readonly isTerminated: boolean } {
  const { spec } = run.state;
  const parent = spec?.parent && shadow.run(spec.parent.runId);
  // A child whose parent is over was ended by it, or had been called by a run that is forked.
  const isOrphan = parent?.state.outcome !== undefined;
  return {
    // Before its start time a run is cancelled without a request in its journal.
    isCancelled:
      run.events.some(isCancelRequest) || record.cancelled.has(run.runId) || parent !== undefined,
    isTerminated: record.terminated.has(run.runId) || isOrphan || isReplaced(run, shadow),
    isForked: record.forks.size > 0,
    wasSent: (signal, payload) => record.wasSent(signal, payload),
    ended: (program, status) =>
      shadow.runs().some(({ state }) => {
        const { workflow, input } = state.spec ?? {};
        if (state.outcome?.status !== status || workflow !== "main" || !input) return false;
        return (valueOf(input) as Program).id.startsWith(program);
      }),
  };
}

function isCancelRequest({ kind }: RunEvent): boolean {
  return kind === "run.cancelRequested";
}

/** Another start under its key with the policy `terminateExisting`. */
function isReplaced({ runId, state }: ShadowRun, shadow: Shadow): boolean {
  const key = state.spec?.key;
  if (key === undefined) return false;
  return shadow
    .runs()
    .some(({ state: other }) => other.spec?.key?.id === key.id && other.spec.runId !== runId);
}
