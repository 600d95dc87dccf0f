import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planFor } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { createMailService } from "./mail-service.ts";
import { listen } from "./process.ts";

const SEED = "test";
const folder = mkdtempSync(join(tmpdir(), "perdure-mail-"));
const ledger = new Ledger(join(folder, "ledger.db"));
const service = createMailService({ seed: SEED, ledger });
let port = 0;

beforeAll(async () => {
  port = await listen(service.server);
});
afterAll(async () => {
  await new Promise<void>((closed) => service.close(() => closed()));
  ledger.close();
  rmSync(folder, { recursive: true });
});

/** A return whose first messages meet these faults. */
function returnWith(...faults: string[]): string {
  for (let i = 0; i < 100_000; i++) {
    const id = `ret-${i}`;
    if (faults.every((fault, n) => planFor(SEED, "mail", id, n).fault.kind === fault)) return id;
  }
  throw new Error(`no return meets ${faults.join()}`);
}

async function send(returnId: string, messageId: string, subject = "about it"): Promise<void> {
  const transport = createTransport({ host: "127.0.0.1", port, ignoreTLS: true });
  await transport.sendMail({
    from: "shop@example.test",
    to: "customer-1@example.test",
    subject,
    text: "hello",
    messageId,
    headers: { "X-Return-Id": returnId, "X-Return-Outcome": "refunded" },
  });
}

const delivered = (returnId: string) =>
  ledger.effects().filter((effect) => effect.returnId === returnId);

test("a Message-ID is delivered once, however often it is sent", async () => {
  const returnId = returnWith("none", "none", "none");
  await send(returnId, "<a@example.test>");
  await send(returnId, "<a@example.test>");
  expect(delivered(returnId)).toHaveLength(1);
  expect(JSON.parse(delivered(returnId)[0]?.body ?? "")).toEqual({
    returnId,
    to: ["customer-1@example.test"],
    outcome: "refunded",
    subject: "about it",
  });
  await expect(send(returnId, "<a@example.test>", "another")).rejects.toThrow("554");
});

test("a connection cut after the message was taken leaves it taken", async () => {
  const returnId = returnWith("cut-after", "none");
  await expect(send(returnId, "<b@example.test>")).rejects.toThrow("closed");
  await send(returnId, "<b@example.test>");
  expect(delivered(returnId)).toHaveLength(1);
});

test("a temporary refusal takes nothing", async () => {
  const returnId = returnWith("unavailable");
  await expect(send(returnId, "<c@example.test>")).rejects.toThrow("451");
  expect(delivered(returnId)).toHaveLength(0);
});
