import fc from "fast-check";
import { expect, test } from "vitest";
import { EventParser, type ServerEvent } from "./sse.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(text: string, cuts: readonly number[] = []): ServerEvent[] {
  const parser = new EventParser();
  const all = bytes(text);
  const at = [
    0,
    ...cuts.map((cut) => cut % (all.length + 1)).toSorted((a, b) => a - b),
    all.length,
  ];
  return at.slice(1).flatMap((end, index) => [...parser.push(all.subarray(at[index], end))]);
}

const stream =
  ": hello\r\n\r\nid: 1\nevent: events\ndata: ünï\ndata:two\n\nretry: 5\nid\rdata\r\r" +
  "event: closed\n\nid: 7\nunknown: x\ndata: last 🫖\n\ndata: never ended";

test("events are fields in lines, whatever ends a line", () => {
  expect(parse(stream)).toEqual([
    { event: "events", data: "ünï\ntwo", id: "1" },
    { event: "message", data: "", id: "" },
    { event: "message", data: "last 🫖", id: "7" },
  ]);
});

test("a stream means the same however it is cut", () => {
  const whole = parse(stream);
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 8 }), (cuts) => {
      expect(parse(stream, cuts)).toEqual(whole);
    }),
  );
});

test("an event may have as many characters as the limit, and not one more", () => {
  const event = (chars: number): Uint8Array => bytes(`data:${"x".repeat(chars)}\n\n`);
  expect(new EventParser(10).push(event(10))).toHaveLength(1);
  expect(() => new EventParser(10).push(event(11))).toThrow(/more than 10/);
  expect(() => new EventParser(10).push(bytes("x".repeat(11)))).toThrow(/more than 10/);
});
