/** The workflow, killed at every await and in every gap, over services that remember in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crashTest, expectCrashSafe } from "perdure/testing";
import { afterAll, expect, test } from "vitest";
import { Activity } from "./clients/activity.ts";
import { Approver } from "./clients/approver.ts";
import { Carrier } from "./clients/carrier.ts";
import { HttpClient, type StepCall } from "./clients/http.ts";
import { Inventory, stockInventory } from "./clients/inventory.ts";
import { Mail } from "./clients/mail.ts";
import { Payments } from "./clients/payments.ts";
import type { Letter } from "./letter.ts";
import { returnsWorkflow, type Services } from "./workflow.ts";

const folder = mkdtempSync(join(tmpdir(), "perdure-returns-"));
const inventoryFile = join(folder, "inventory.db");
stockInventory(inventoryFile);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the services have done, each thing once per key, as the real ones keep it. */
class Ledger {
  readonly done = new Map<string, string>();

  act(what: string, { idempotencyKey }: StepCall): void {
    this.done.set(idempotencyKey, what);
  }
}

class LedgerClient extends HttpClient {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    super("http://127.0.0.1:1", new Activity());
    this.#ledger = ledger;
  }

  override async post(path: string, _body: object, step: StepCall): Promise<unknown> {
    this.#ledger.act(path, step);
    return { labelId: "label-1", refundId: "refund-1" };
  }
}

class LedgerMail extends Mail {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    super(1, new Activity());
    this.#ledger = ledger;
  }

  override async send({ outcome }: Letter, step: StepCall): Promise<void> {
    this.#ledger.act(`letter: ${outcome}`, step);
  }
}

function servicesOver(ledger: Ledger): Services {
  const http = new LedgerClient(ledger);
  return {
    inventory: new Inventory(inventoryFile),
    carrier: new Carrier(http),
    payments: new Payments(http),
    approver: new Approver(http),
    mail: new LedgerMail(ledger),
  };
}

const input = {
  id: "ret-0042",
  orderId: "ord-00042",
  customer: "ada@example.test",
  sku: "LAMP-01",
  quantity: 1,
  amountCents: 60_000,
  currency: "EUR",
  paymentId: "pay-0042",
  purchasedOn: "2025-03-01",
  requestedOn: "2025-03-11",
  reason: "too bright",
};

test(
  "a return is the same return wherever its process is killed",
  { timeout: 60_000 },
  async () => {
    const report = await crashTest(
      (ledger: Ledger) => returnsWorkflow(servicesOver(ledger), "3d"),
      {
        input,
        services: () => new Ledger(),
        observe: ({ done }) => [...done.values()],
        answers: { approval: { decision: "approve", by: "grace" } },
        readOnly: ["validate", "check-inventory"],
        // A question and a letter cannot be taken back; a refund is the last thing that can fail.
        keep: ["ask-approver", "refund", "mail"],
      },
    );
    expectCrashSafe(report);
    expect(report.ending).toContain('"outcome":"refunded"');
    expect(report.figures).toMatchObject({ missed: 0, leftOut: 0 });
    expect(report.figures.undosTaken).toBeGreaterThan(0);
  },
);
