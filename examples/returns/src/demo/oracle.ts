/**
 * Says from the request alone, and from what the approver did, how a return must end and what
 * that ending owes. It shares no code with the workflow or the shop's policy: an error there
 * must not excuse itself here.
 */
import { catalogue } from "../catalogue.ts";
import type { Outcome } from "../letter.ts";
import type { ReturnRequest } from "../request.ts";
import type { Asked, Verdict } from "./approver.ts";
import type { EffectKind } from "./evidence.ts";

export type Owed = Readonly<Record<Exclude<EffectKind, "ask">, 0 | 1>>;

/** Exactly what each outcome must have left in the ledgers. */
export const owed: Readonly<Record<Outcome, Owed>> = {
  refunded: { label: 1, void: 0, refund: 1, decline: 0, mail: 1 },
  rejected: { label: 0, void: 0, refund: 0, decline: 0, mail: 1 },
  denied: { label: 1, void: 1, refund: 0, decline: 0, mail: 1 },
  expired: { label: 1, void: 1, refund: 0, decline: 0, mail: 1 },
  compensated: { label: 1, void: 1, refund: 0, decline: 1, mail: 1 },
};

export interface Expectation {
  /** The outcomes that are right; two only when a person's answer came as the time ran out. */
  readonly outcomes: readonly Outcome[];
  readonly asks: 0 | 1;
}

export interface OracleInput {
  readonly request: ReturnRequest;
  readonly verdict: Verdict;
  readonly asked: Asked | undefined;
  /** When the label was made; the wait for an answer began after it. */
  readonly labelAtMs: number | undefined;
  readonly approvalTimeoutMs: number;
}

export function expect(input: OracleInput): Expectation {
  const { request, verdict } = input;
  if (mustReject(request)) return { outcomes: ["rejected"], asks: 0 };
  const paid: Outcome = request.paymentId.endsWith("-closed") ? "compensated" : "refunded";
  if (request.amountCents <= 50_000) return { outcomes: [paid], asks: 0 };
  if (verdict === "never") return { outcomes: ["expired"], asks: 1 };
  const answered: Outcome = verdict === "deny" ? "denied" : paid;
  return { outcomes: answeredInTime(input) ? [answered] : [answered, "expired"], asks: 1 };
}

function mustReject(request: ReturnRequest): boolean {
  const item = catalogue.find(({ sku }) => sku === request.sku);
  const day = (text: string): number => Math.round(Date.parse(text) / 86_400_000);
  return !item?.returnable || day(request.requestedOn) > day(request.purchasedOn) + 30;
}

/** An answer that the engine acknowledged before the wait could end must count. */
function answeredInTime({ asked, labelAtMs, approvalTimeoutMs }: OracleInput): boolean {
  if (asked?.acknowledgedAtMs === undefined || labelAtMs === undefined) return false;
  return asked.acknowledgedAtMs < labelAtMs + approvalTimeoutMs;
}
