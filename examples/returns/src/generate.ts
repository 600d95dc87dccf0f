/**
 * Writes requests.jsonl: node --conditions=perdure-source examples/returns/src/generate.ts [--check]
 *
 * The file is committed, so that everybody runs the same job; this says how it came to be.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { malformedLines } from "./malformed.ts";
import { seeded, type Random } from "./random.ts";
import type { ReturnRequest } from "./request.ts";

const SEED = 20_251;
const VALID_REQUESTS = 372;
export const requestsFile: URL = new URL("../requests.jsonl", import.meta.url);

const skus = [
  "LAMP-01",
  "LAMP-02",
  "BOOT-38",
  "BOOT-44",
  "COAT-M",
  "CHAIR-3",
  "DESK-1",
  "PHONE-X",
] as const;
const reasons = [
  "does not fit",
  "arrived broken",
  "changed my mind",
  "zu groß, bitte zurücknehmen",
  "la couleur n'est pas celle de la photo",
  "色が違います",
  "wrong item 📦",
  'the box said "fragile", and it was',
  "late; I bought another\\one",
] as const;

export function generate(): string {
  const random = seeded(SEED);
  const requests = Array.from({ length: VALID_REQUESTS }, (_, index) => request(random, index + 1));
  const lines = requests.map((each) => JSON.stringify(each));
  for (const line of malformedLines(requests)) {
    // Never before the tenth line: a duplicate must follow the request it repeats.
    lines.splice(random.int(Math.max(line.after + 1, 10), lines.length), 0, line.text);
  }
  return `${lines.join("\n")}\n`;
}

function request(random: Random, n: number): ReturnRequest {
  const number = String(n).padStart(4, "0");
  const kind = random.next();
  const requestedOn = Date.UTC(2025, random.int(0, 5), random.int(1, 28));
  const daysKept = kind < 0.06 ? random.int(31, 200) : random.int(0, 30);
  const large = kind >= 0.12 && kind < 0.34;
  const closed = (kind >= 0.3 && kind < 0.34) || kind >= 0.95;
  return {
    id: `ret-${number}`,
    orderId: `ord-${String(random.int(1, 99_999)).padStart(5, "0")}`,
    customer: `customer-${random.int(1, 120)}@example.test`,
    sku: skuFor(random, kind),
    quantity: random.int(1, 3),
    amountCents: large ? random.int(50_001, 420_000) : random.int(500, 50_000),
    currency: random.pick(["EUR", "EUR", "USD", "GBP", "CHF"]),
    paymentId: `pay-${number}${closed ? "-closed" : ""}`,
    purchasedOn: dayOf(requestedOn - daysKept * 86_400_000),
    requestedOn: dayOf(requestedOn),
    reason: random.pick(reasons),
  };
}

function skuFor(random: Random, kind: number): string {
  if (kind >= 0.06 && kind < 0.09) return random.pick(["LAMP-99", "SOFA-1"]);
  if (kind >= 0.09 && kind < 0.12) return random.pick(["GIFT-50", "SOAP-6"]);
  return random.pick(skus);
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

if (import.meta.main) {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const text = generate();
  if (!values.check) writeFileSync(requestsFile, text);
  else if (readFileSync(requestsFile, "utf8") !== text)
    throw new Error("requests.jsonl is stale: run generate.ts");
}
