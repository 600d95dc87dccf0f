import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { postgres } from "./postgres-framing.ts";

const typed = (type: string, body: string): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const untyped = (code: number, body = ""): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.writeUInt32BE(code, 4);
  return Buffer.concat([head, Buffer.from(body)]);
};

const tlsWish = untyped(80_877_103);
const start = untyped(196_608, "user\0postgres\0\0");
const requests = [start, typed("P", "a statement"), typed("S", ""), typed("X", "")];
const responses = [typed("R", "\0\0\0\0"), typed("Z", "I"), typed("D", "x".repeat(300))];

/** Feeds the bytes in pieces that end at these places. */
function fed(split: (piece: Buffer) => readonly Buffer[], whole: Buffer, ends: number[]): string[] {
  const cuts = [...new Set([0, ...ends.map((end) => end % whole.length), whole.length])];
  const places = cuts.toSorted((a, b) => a - b);
  return places
    .slice(1)
    .flatMap((end, i) => split(whole.subarray(places[i], end)))
    .map((message) => message.toString("latin1"));
}

const asText = (messages: readonly Buffer[]): string[] =>
  messages.map((message) => message.toString("latin1"));

describe("PostgreSQL's messages", () => {
  test("are told apart, in whatever pieces they come", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (ends) => {
        const { request, response } = postgres();
        expect(fed(request, Buffer.concat(requests), ends)).toEqual(asText(requests));
        expect(fed(response, Buffer.concat(responses), ends)).toEqual(asText(responses));
      }),
    );
  });

  test("may begin with a wish for TLS, which is answered by a byte", () => {
    const { request, response } = postgres();
    expect(asText(request(tlsWish))).toEqual(asText([tlsWish]));
    expect(asText(response(Buffer.from("N")))).toEqual(["N"]);
    expect(asText(request(Buffer.concat(requests)))).toEqual(asText(requests));
    expect(asText(response(Buffer.concat(responses)))).toEqual(asText(responses));
  });
});
