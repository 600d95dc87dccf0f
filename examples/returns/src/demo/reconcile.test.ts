import { describe, expect, test } from "vitest";
import type { RunResult } from "../config.ts";
import type { ReturnRequest } from "../request.ts";
import type { Found } from "./evidence.ts";
import { reconcile, type Case } from "./reconcile.ts";

const plain: ReturnRequest = {
  id: "ret-0001",
  orderId: "ord-00001",
  customer: "customer-1@example.test",
  sku: "LAMP-01",
  quantity: 1,
  amountCents: 2000,
  currency: "EUR",
  paymentId: "pay-0001",
  purchasedOn: "2025-01-01",
  requestedOn: "2025-01-31",
  reason: "does not fit",
};
const declined = { ...plain, id: "ret-0002", paymentId: "pay-0002-closed" };
const late = { ...plain, id: "ret-0003", requestedOn: "2025-02-01" };
const large = { ...plain, id: "ret-0004", amountCents: 50_001 };

const found = (kind: Found["kind"], request: ReturnRequest, about: Found["about"] = {}): Found => ({
  kind,
  returnId: request.id,
  about,
  atMs: 1000,
});
const label = (request: ReturnRequest) => found("label", request, { labelId: `l-${request.id}` });
const voided = (request: ReturnRequest) => found("void", request, { labelId: `l-${request.id}` });
const refund = (request: ReturnRequest) => found("refund", request, request);
const mail = (request: ReturnRequest, outcome: string) =>
  found("mail", request, { outcome, to: [request.customer] });
const result = (request: ReturnRequest, outcome: RunResult["outcome"]): RunResult => ({
  returnId: request.id,
  runId: `run-${request.id}`,
  outcome,
  detail: "",
  maybeRan: 0,
  doubtful: ["refund"],
});

const sound: Case = {
  requests: [plain, declined, late, large],
  results: [
    result(plain, "refunded"),
    result(declined, "failed"),
    result(late, "rejected"),
    result(large, "denied"),
  ],
  found: [
    [label(plain), refund(plain), mail(plain, "refunded")],
    [label(declined), found("decline", declined), voided(declined), mail(declined, "compensated")],
    [mail(late, "rejected")],
    [label(large), found("ask", large), voided(large), mail(large, "denied")],
  ].flat(),
  repeats: [{ kind: "refund", returnId: "ret-0001" }],
  asked: new Map([["ret-0004", { returnId: "ret-0004", verdict: "deny", acknowledgedAtMs: 2000 }]]),
  verdictOf: () => "deny",
  approvalTimeoutMs: 15_000,
};

const faultsOf = (change: Partial<Case>): string[] =>
  reconcile({ ...sound, ...change }).findings.map(
    ({ fault, returnId, what }) => `${fault} ${returnId} ${what}`,
  );
const without = (kind: Found["kind"], request: ReturnRequest): Found[] =>
  sound.found.filter((each) => each.kind !== kind || each.returnId !== request.id);

test("sound books are found sound, and counted", () => {
  const { findings, tallies } = reconcile(sound);
  expect(findings).toEqual([]);
  expect(tallies.refunded.found).toEqual({
    label: 1,
    void: 0,
    refund: 1,
    decline: 0,
    ask: 0,
    mail: 1,
  });
  expect(tallies.compensated.returns).toBe(1);
  expect(tallies.denied.expected.ask).toBe(1);
});

describe("a planted fault is reported:", () => {
  test("a lost refund", () => {
    expect(faultsOf({ found: without("refund", plain) })).toEqual(["lost ret-0001 refund"]);
  });

  test("a doubled label", () => {
    expect(faultsOf({ found: [...sound.found, label(plain)] })).toEqual([
      "doubled ret-0001 label: 2, owed 1",
    ]);
  });

  test("a missing void", () => {
    expect(faultsOf({ found: without("void", declined) })).toEqual(["lost ret-0002 void"]);
  });

  test("a doubled mail, and a mail that never came", () => {
    const doubled = [...sound.found, mail(late, "rejected")];
    expect(faultsOf({ found: doubled })).toEqual(["doubled ret-0003 mail: 2, owed 1"]);
    expect(faultsOf({ found: without("mail", late) })).toEqual(["lost ret-0003 mail"]);
  });

  test("a refund for a return that had to be rejected", () => {
    expect(faultsOf({ found: [...sound.found, refund(late)] })).toEqual([
      "doubled ret-0003 refund: 1, owed 0",
    ]);
  });

  test("a refund of another amount, and a letter to another customer", () => {
    const more = { ...plain, amountCents: 2001, customer: "customer-2@example.test" };
    const wrong = sound.found.map((each) =>
      each.returnId !== plain.id ? each : each.kind === "refund" ? refund(more) : each,
    );
    expect(faultsOf({ found: wrong })).toEqual([
      "wrong ret-0001 refund: amountCents is 2001, must be 2000",
    ]);
    expect(faultsOf({ found: [...without("mail", plain), mail(more, "refunded")] })).toEqual([
      "wrong ret-0001 mail: to is customer-2@example.test, must be customer-1@example.test",
    ]);
  });

  test("the void of a label that was never made", () => {
    const other = [...without("void", declined), found("void", declined, { labelId: "l-9" })];
    expect(faultsOf({ found: other })).toEqual([
      "wrong ret-0002 void: labelId is l-9, must be l-ret-0002",
    ]);
  });

  test("a run without a result, and one with two", () => {
    expect(faultsOf({ results: sound.results.slice(1) })).toEqual([
      "lost ret-0001 result of the run",
    ]);
    const twice = [...sound.results, result(plain, "refunded")];
    expect(faultsOf({ results: twice })).toEqual(["doubled ret-0001 run"]);
  });

  test("an outcome that cannot be right, though the ledgers agree with it", () => {
    const results = [...sound.results.slice(1), result(plain, "rejected")];
    const books = [
      ...sound.found.filter((each) => each.returnId !== plain.id),
      mail(plain, "rejected"),
    ];
    expect(faultsOf({ results, found: books })).toContain(
      "wrong ret-0001 outcome rejected (), must be refunded",
    );
  });

  test("a run that failed though nobody declined the payment", () => {
    const results = [result(plain, "failed"), ...sound.results.slice(1)];
    expect(faultsOf({ results })).toEqual(["wrong ret-0001 outcome failed (), must be refunded"]);
  });

  test("an effect for a return that was never accepted", () => {
    const stray = { ...plain, id: "ret-9001" };
    expect(faultsOf({ found: [...sound.found, label(stray)] })).toEqual(["stray ret-9001 label"]);
  });

  test("a call made again though the journal knew of no doubt", () => {
    const repeats = [...sound.repeats, { kind: "label", returnId: "ret-0001" } as const];
    expect(faultsOf({ repeats })).toEqual(["silent ret-0001 label"]);
  });

  test("an answer that was acknowledged in time and then ignored", () => {
    const expired = [...sound.results.slice(0, 3), result(large, "expired")];
    const books = [...without("mail", large), mail(large, "expired")];
    expect(faultsOf({ results: expired, found: books })[0]).toBe(
      "wrong ret-0004 outcome expired (), must be denied",
    );
    // Acknowledged only after the time was up, it may have come too late.
    const asked = new Map([
      ["ret-0004", { returnId: "ret-0004", verdict: "deny", acknowledgedAtMs: 99_000 }],
    ] as const);
    expect(faultsOf({ results: expired, found: books, asked })).toEqual([]);
  });
});
