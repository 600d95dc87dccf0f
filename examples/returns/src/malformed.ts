/** Lines that must be refused, each for a reason of its own. */
import type { ReturnRequest } from "./request.ts";

export interface MalformedLine {
  /** Which kind of mistake it is. */
  readonly kind: string;
  readonly text: string;
  /** The index of a line that must come before it. */
  readonly after: number;
}

export function malformedLines(requests: readonly ReturnRequest[]): MalformedLine[] {
  const first = requests[0];
  if (first === undefined) throw new Error("needs a request to spoil");
  let number = 9000;
  /** A request with an id of its own and one thing wrong. */
  const spoiled = (kind: string, change: Record<string, unknown>): MalformedLine => {
    const id = `ret-${++number}`;
    return { kind, text: JSON.stringify({ ...first, id, ...change }), after: 0 };
  };
  const raw = (kind: string, text: string): MalformedLine => ({ kind, text, after: 0 });
  const whole = JSON.stringify({ ...first, id: "ret-9900" });

  return [
    raw("broken JSON", whole.slice(0, 90)),
    raw("broken JSON", whole.replace(/,/, ",,")),
    raw("broken JSON", whole.replaceAll('"', "'")),
    raw("two objects on a line", whole + whole),
    raw("empty line", ""),
    raw("empty line", "   "),
    raw("byte order mark", `\ufeff${whole}`),
    raw("not an object", "[]"),
    raw("not an object", "null"),
    raw("not an object", '"ret-0001"'),
    raw("not an object", "42"),
    raw("deep nesting", "[".repeat(2000) + "]".repeat(2000)),
    raw("amount past a double", whole.replace(/"amountCents":\d+/, '"amountCents":1e400')),
    raw("__proto__ as a field", whole.replace(/}$/, ',"__proto__":{"amountCents":1}}')),
    spoiled("missing field", { amountCents: undefined }),
    spoiled("missing field", { customer: undefined }),
    spoiled("missing field", { id: undefined }),
    spoiled("wrong type", { amountCents: "12000" }),
    spoiled("wrong type", { quantity: [1] }),
    spoiled("wrong type", { reason: null }),
    spoiled("wrong type", { id: 17 }),
    spoiled("negative amount", { amountCents: -500 }),
    spoiled("zero amount", { amountCents: 0 }),
    spoiled("amount with a fraction", { amountCents: 99.5 }),
    spoiled("amount too large", { amountCents: 9_000_000_000_000 }),
    spoiled("quantity too large", { quantity: 11 }),
    spoiled("unknown currency", { currency: "XAU" }),
    spoiled("unknown currency", { currency: "eur" }),
    spoiled("bad email", { customer: "customer-17" }),
    spoiled("bad email", { customer: "customer-17@example.test\r\nBcc: all@example.test" }),
    spoiled("future date", { requestedOn: "2999-01-01" }),
    spoiled("not a date", { purchasedOn: "2025-02-30" }),
    spoiled("dates in the wrong order", { purchasedOn: "2025-05-02", requestedOn: "2025-05-01" }),
    spoiled("unknown field", { priority: "high" }),
    spoiled("bad id", { id: "ret-0001'; DROP TABLE labels; --" }),
    spoiled("bad id", { id: "../ret-0001" }),
    spoiled("huge string", { reason: "x".repeat(5000) }),
    spoiled("string too long", { reason: "x".repeat(301) }),
    spoiled("NUL in a string", { reason: "broken\u0000lamp" }),
    spoiled("half a surrogate pair", { reason: "broken \ud800 lamp" }),
    ...duplicates(requests),
  ];
}

function duplicates(requests: readonly ReturnRequest[]): MalformedLine[] {
  return requests.slice(20, 26).map((request, index) => {
    const same = index % 2 === 0;
    const again = same ? request : { ...request, amountCents: request.amountCents + 1 };
    // Later than the twentieth request, plus every other malformed line that may come before it.
    return {
      kind: same ? "duplicate" : "conflicting duplicate",
      text: JSON.stringify(again),
      after: 120,
    };
  });
}
