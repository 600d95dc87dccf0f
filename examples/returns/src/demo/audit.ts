/** Gathers what the ledgers, the engine and the approver say, and has it reconciled. */
import { readFileSync } from "node:fs";
import { RunResult } from "../config.ts";
import { isoDay, readRequests, type Rejected } from "../intake.ts";
import type { Stats } from "../services/ledger.ts";
import { verdictOf } from "./approver.ts";
import { reconcile, type Reconciliation } from "./reconcile.ts";
import { APPROVAL_TIMEOUT_MS, type Shop } from "./shop.ts";

export interface Books {
  readonly accepted: number;
  readonly rejected: readonly Rejected[];
  readonly reconciliation: Reconciliation;
  /** By the name of the service. */
  readonly stats: Readonly<Record<string, Stats>>;
  /** Steps of which a journal says that they may have run twice. */
  readonly maybeRan: number;
}

export async function audit(shop: Shop, seed: number): Promise<Books> {
  const file = readFileSync(shop.config.requests);
  const { accepted, rejected } = readRequests(file, isoDay(new Date()));
  const results = readFileSync(shop.config.results, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => RunResult.parse(JSON.parse(line)));
  const reconciliation = reconcile({
    requests: accepted.map(({ request }) => request),
    results,
    ...(await shop.evidence()),
    asked: shop.approver.asked(),
    verdictOf: (returnId) => verdictOf(seed, returnId),
    approvalTimeoutMs: APPROVAL_TIMEOUT_MS,
  });
  return {
    accepted: accepted.length,
    rejected,
    reconciliation,
    stats: await shop.stats(),
    maybeRan: results.reduce((sum, result) => sum + result.maybeRan, 0),
  };
}
