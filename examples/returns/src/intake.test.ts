import { expect, test } from "vitest";
import { generate } from "./generate.ts";
import { LINE_LIMIT_BYTES, readRequests } from "./intake.ts";
import { malformedLines } from "./malformed.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (text: string) => readRequests(bytes(text), "2025-12-31");

const generated = read(generate());
const requests = generated.accepted.map(({ request }) => request);
const [first] = requests;
const good = JSON.stringify(first);

test("every line of the committed file is either accepted or refused", () => {
  const lines = generate().split("\n").length - 1;
  expect(generated.accepted.length + generated.rejected.length).toBe(lines);
  expect(generated.accepted.length).toBeGreaterThanOrEqual(300);
});

for (const [index, { kind, text }] of malformedLines(requests).entries()) {
  test(`refused: ${kind} (${index})`, () => {
    // A duplicate is only wrong after the line that it repeats.
    const before = requests.map((request) => JSON.stringify(request)).join("\n");
    const { accepted, rejected } = read(
      `${before}\n${text}\n${good.replace("ret-0001", "ret-9999")}\n`,
    );
    expect(rejected.map(({ line }) => line)).toEqual([requests.length + 1]);
    expect(rejected[0]?.reason).not.toBe("");
    expect(accepted.at(-1)?.request.id).toBe("ret-9999");
  });
}

test("a refusal names the field and the reason", () => {
  const reasonFor = (change: object) =>
    read(JSON.stringify({ ...first, ...change })).rejected[0]?.reason;
  expect(reasonFor({ currency: "XAU" })).toMatch(/^currency: /);
  expect(reasonFor({ requestedOn: "2025-12-31" })).toBeUndefined();
  expect(reasonFor({ requestedOn: "2026-01-01" })).toBe("requestedOn: lies in the future");
  expect(reasonFor({ priority: 1 })).toMatch(/"priority"/);
  expect(read("{").rejected[0]?.reason).toMatch(/^not JSON: /);
});

test("the same id again is refused, and says which line had it first and whether it differs", () => {
  const other = good.replace(/"quantity":\d+/, '"quantity":9');
  const { rejected } = read(`${good}\n${good}\n${other}\n`);
  expect(rejected.map(({ reason }) => reason)).toEqual([
    "the same request as line 1",
    "id ret-0001 was used on line 1 for another request",
  ]);
});

test("a line may be as long as the limit and not one byte longer", () => {
  const fill = (length: number): string => good + " ".repeat(length - bytes(good).length);
  expect(read(fill(LINE_LIMIT_BYTES)).rejected).toEqual([]);
  expect(read(fill(LINE_LIMIT_BYTES + 1)).rejected[0]?.reason).toMatch(/4097 bytes/);
});

test("bytes that are not UTF-8 spoil their own line only", () => {
  const spoiled = [...bytes(`${good}\n`), 0xff, 0xfe, 0x0a, ...bytes(good.replace("0001", "0002"))];
  const { accepted, rejected } = readRequests(Uint8Array.from(spoiled), "2025-12-31");
  expect(accepted.map(({ line }) => line)).toEqual([1, 3]);
  expect(rejected).toMatchObject([{ line: 2, reason: "not UTF-8" }]);
});

test("lines may end in CRLF, the last one in nothing, and a file may be empty", () => {
  expect(read(`${good}\r\n${good.replace("0001", "0002")}`).accepted).toHaveLength(2);
  expect(read("")).toEqual({ accepted: [], rejected: [] });
});
