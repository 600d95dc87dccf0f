/** What the customer is told. */
import type { ReturnRequest } from "./request.ts";

/** How a return can end. */
export type Outcome = "refunded" | "rejected" | "denied" | "expired" | "compensated";

export interface Letter {
  readonly returnId: string;
  readonly to: string;
  readonly outcome: Outcome;
  readonly subject: string;
  readonly text: string;
}

const endings: Readonly<Record<Outcome, string>> = {
  refunded: "We have paid your money back.",
  rejected: "We cannot take it back.",
  denied: "Our staff has declined it. Your return label is no longer valid.",
  expired: "Nobody could decide on it in time. Your return label is no longer valid.",
  compensated: "We could not pay you back, so your return label will not be valid any more.",
};

export function letter(request: ReturnRequest, outcome: Outcome, detail: string): Letter {
  return {
    returnId: request.id,
    to: request.customer,
    outcome,
    subject: `Your return ${request.id}: ${outcome}`,
    text: `About your return ${request.id}:\n\n${endings[outcome]}\n(${detail})\n`,
  };
}
