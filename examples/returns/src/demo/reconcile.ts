/** Compares, return by return, what is owed with what the ledgers hold. Pure. */
import type { RunResult } from "../config.ts";
import type { Outcome } from "../letter.ts";
import type { ReturnRequest } from "../request.ts";
import type { Asked, Verdict } from "./approver.ts";
import { effectKinds, type EffectKind, type Found, type Repeat } from "./evidence.ts";
import { expect, owed } from "./oracle.ts";
import { count, countOf, emptyTallies, type Tally } from "./tally.ts";

/**
 * `lost`: owed and not found, or a run without a result. `doubled`: found more often than owed.
 * `wrong`: an outcome that is not right, or an effect with the wrong amount, address or label.
 * `stray`: an effect for a return that was never accepted.
 * `silent`: a call found its effect there already, and the journal did not say that it may be.
 */
export const faults = ["lost", "doubled", "wrong", "stray", "silent"] as const;

export interface Finding {
  readonly fault: (typeof faults)[number];
  readonly returnId: string;
  readonly what: string;
}

export interface Case {
  readonly requests: readonly ReturnRequest[];
  readonly results: readonly RunResult[];
  readonly found: readonly Found[];
  readonly repeats: readonly Repeat[];
  readonly asked: ReadonlyMap<string, Asked>;
  readonly verdictOf: (returnId: string) => Verdict;
  readonly approvalTimeoutMs: number;
}

export interface Reconciliation {
  readonly findings: readonly Finding[];
  readonly tallies: Readonly<Record<Outcome, Tally>>;
}

export function reconcile(the: Case): Reconciliation {
  const findings: Finding[] = [];
  const tallies = emptyTallies();
  const effects = Map.groupBy(the.found, (each) => each.returnId);
  const results = Map.groupBy(the.results, (each) => each.returnId);
  for (const request of the.requests) {
    const found = effects.get(request.id) ?? [];
    effects.delete(request.id);
    const [result, ...more] = results.get(request.id) ?? [];
    if (more.length > 0) findings.push({ fault: "doubled", returnId: request.id, what: "run" });
    const expectation = expect({
      request,
      verdict: the.verdictOf(request.id),
      asked: the.asked.get(request.id),
      labelAtMs: found.find((each) => each.kind === "label")?.atMs,
      approvalTimeoutMs: the.approvalTimeoutMs,
    });
    const outcome = judgeOutcome(request, result, expectation.outcomes, found, findings);
    const due = { ...owed[outcome], ask: expectation.asks };
    count(tallies[outcome], due, found);
    compareCounts(request.id, due, found, findings);
    compareContents(request, outcome, found, findings);
  }
  for (const [returnId, found] of effects) {
    for (const { kind } of found) findings.push({ fault: "stray", returnId, what: kind });
  }
  for (const { kind, returnId } of the.repeats) {
    const result = results.get(returnId)?.[0];
    if (!result || result.doubtful.some((step) => stepsOf[kind].includes(step))) continue;
    findings.push({ fault: "silent", returnId, what: kind });
  }
  return { findings, tallies };
}

/** The steps of the workflow that have an effect of each kind. */
const stepsOf: Readonly<Record<EffectKind, readonly string[]>> = {
  label: ["create-label"],
  void: ["void-label", "undo:create-label"],
  refund: ["refund"],
  decline: ["refund"],
  ask: ["ask-approver"],
  mail: ["mail"],
};

/** The outcome to hold the ledgers against: the engine's own, where it can be right at all. */
function judgeOutcome(
  request: ReturnRequest,
  result: RunResult | undefined,
  right: readonly Outcome[],
  found: readonly Found[],
  findings: Finding[],
): Outcome {
  const [first = "rejected"] = right;
  if (result === undefined) {
    findings.push({ fault: "lost", returnId: request.id, what: "result of the run" });
    return first;
  }
  // A run that fails is a compensated one only if the payment provider declined it.
  const declined = found.some(({ kind }) => kind === "decline");
  const claimed = result.outcome === "failed" && declined ? "compensated" : result.outcome;
  const outcome = right.find((each) => each === claimed);
  if (outcome !== undefined) return outcome;
  const what = `outcome ${claimed} (${result.detail}), must be ${right.join(" or ")}`;
  findings.push({ fault: "wrong", returnId: request.id, what });
  return first;
}

function compareCounts(
  returnId: string,
  due: Readonly<Record<EffectKind, number>>,
  found: readonly Found[],
  findings: Finding[],
): void {
  for (const kind of effectKinds) {
    const times = countOf(found, kind);
    if (times < due[kind]) findings.push({ fault: "lost", returnId, what: kind });
    if (times > due[kind]) {
      findings.push({ fault: "doubled", returnId, what: `${kind}: ${times}, owed ${due[kind]}` });
    }
  }
}

/** Money to the right payment, letters to the right customer, and the label voided that was made. */
function compareContents(
  request: ReturnRequest,
  outcome: Outcome,
  found: readonly Found[],
  findings: Finding[],
): void {
  const label = found.find(({ kind }) => kind === "label")?.about["labelId"];
  const right: Readonly<Partial<Record<EffectKind, Readonly<Record<string, unknown>>>>> = {
    refund: {
      paymentId: request.paymentId,
      amountCents: request.amountCents,
      currency: request.currency,
    },
    void: { labelId: label },
    mail: { outcome, to: request.customer },
  };
  for (const { kind, about } of found) {
    for (const [field, value] of Object.entries(right[kind] ?? {})) {
      if (String(about[field]) === String(value)) continue;
      const what = `${kind}: ${field} is ${String(about[field])}, must be ${String(value)}`;
      findings.push({ fault: "wrong", returnId: request.id, what });
    }
  }
}
