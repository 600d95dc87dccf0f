/** The shop's rules, without any I/O. */
import type { ReturnRequest } from "./request.ts";

export const RETURN_WINDOW_DAYS = 30;
/** A refund above this is a person's decision. */
export const APPROVAL_ABOVE_CENTS = 50_000;

const DAY_MS = 86_400_000;

/** Why a request cannot be accepted, whatever is in the warehouse; null when it can. */
export function refusalOf(request: ReturnRequest): string | null {
  const daysKept = (Date.parse(request.requestedOn) - Date.parse(request.purchasedOn)) / DAY_MS;
  if (daysKept <= RETURN_WINDOW_DAYS) return null;
  return `bought ${daysKept} days ago; returns are taken for ${RETURN_WINDOW_DAYS}`;
}

export const needsApproval = (request: ReturnRequest): boolean =>
  request.amountCents > APPROVAL_ABOVE_CENTS;
