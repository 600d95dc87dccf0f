import { PerdureError, runId, type RunEvent } from "@perdure/kernel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireLimits } from "../limits.ts";
import { decodePushFrame, decodePushRequest, encodePushFrame, encodePushRequest } from "./codec.ts";
import type { ExchangeRequest, PushFrame, PushRequest } from "./messages.ts";

const id = runId(Date.UTC(2030, 0, 1), 7, "0123456789abcdef");
const payload = { encoding: "json", data: new TextEncoder().encode('"x"') };

function event(seq: number, bytes = 10): RunEvent {
  const output = { encoding: "json", data: new Uint8Array(bytes) };
  return { seq, at: seq, kind: "run.completed", output };
}

function exchange(events: readonly RunEvent[]): ExchangeRequest {
  const ask = { kind: "query", id: "q1", name: "sum", input: payload } as const;
  return { type: "exchange", runId: id, hold: "h/1", after: 0, events, asks: [ask] };
}

const task: PushRequest = {
  type: "task",
  token: { runId: id, key: "work", attempt: 2 },
  spec: {
    task: "work",
    queue: "default",
    input: payload,
    retry: { initialMs: 1, factor: 2, maxIntervalMs: 3, maxAttempts: 4 },
    timeouts: {},
  },
  namespace: "default",
  workflow: "boss",
  maybeRan: true,
};

const frames: readonly PushFrame[] = [
  { type: "alive" },
  { type: "unknown" },
  { type: "end", keeps: true },
  { type: "beat", details: payload },
  { type: "result", result: { type: "completed", output: payload } },
  { type: "answered", id: "q1", output: payload },
  { type: "refused", id: "u1", code: "update-rejected", message: "no" },
  { type: "answer", answer: { commands: [{ type: "timer.cancel", key: "t" }], through: 4 } },
];

describe("a push request", () => {
  it.each([[{ type: "describe" }], [task], [exchange([event(1), event(2)])]] as const)(
    "is read as it was written: %#",
    (request) => {
      expect(decodePushRequest(encodePushRequest(request))).toEqual(request);
    },
  );

  it("carries a journal of many pages", () => {
    const events = Array.from({ length: 3 * wireLimits.pageEvents + 1 }, (_, i) => event(i + 1));
    expect(decodePushRequest(encodePushRequest(exchange(events)))).toEqual(exchange(events));
    const long = [event(1, wireLimits.frameTargetBytes), event(2, wireLimits.frameTargetBytes)];
    expect(decodePushRequest(encodePushRequest(exchange(long)))).toEqual(exchange(long));
  });

  it("has a limit, at both ends", () => {
    const count = wireLimits.pushBodyBytes / 4_194_304;
    const events = Array.from({ length: count }, (_, i) => event(i + 1, 4_194_304));
    expect(() => encodePushRequest(exchange(events))).toThrow(/limit|too large/);
    expect(decodePushRequest(encodePushRequest(exchange(events.slice(1)))).type).toBe("exchange");
    const past = new Uint8Array(wireLimits.pushBodyBytes + 1);
    expect(() => decodePushRequest(past)).toThrow(/too large/);
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["a length without its bytes", Uint8Array.of(0, 0, 0, 9, 1)],
    ["half a length", Uint8Array.of(0, 0)],
    ["no message", Uint8Array.of(0, 0, 0, 1, 0xc0)],
  ])("is refused when it is %s", (_, bytes) => {
    expect(() => decodePushRequest(bytes)).toThrow(PerdureError);
  });
});

describe("a push frame", () => {
  it.each(frames)("is read as it was written: $type", (frame) => {
    const [bytes = new Uint8Array()] = encodePushFrame(frame);
    expect(decodePushFrame(bytes)).toEqual(frame);
  });

  it("of an answer that is too long becomes several, in order, the last one says the end", () => {
    const value = { encoding: "json", data: new Uint8Array(3_000_000) };
    const commands = [1, 2, 3, 4].map((ordinal) => {
      return { type: "value.record", key: `v${ordinal}`, ordinal, value } as const;
    });
    const parts = encodePushFrame({ type: "answer", answer: { commands, through: 9 } });
    const read = parts.map(decodePushFrame).flatMap((frame) => {
      return frame.type === "answer" ? [frame.answer] : [];
    });
    const keys = read.map((answer) =>
      answer.commands.map((command) => "key" in command && command.key),
    );
    expect(keys).toEqual([
      ["v1", "v2"],
      ["v3", "v4"],
    ]);
    expect(read.map(({ through }) => through)).toEqual([undefined, 9]);
  });

  it("is taken or refused with a code, however it was bent", () => {
    const good = frames.flatMap(encodePushFrame);
    const requests = [exchange([event(1)]), task].map(encodePushRequest);
    const bend = fc.record({ at: fc.nat(400), byte: fc.nat(255), cut: fc.nat(40) });
    fc.assert(
      fc.property(fc.nat(good.length + requests.length - 1), fc.array(bend), (which, bends) => {
        const isRequest = which >= good.length;
        const source = isRequest ? requests[which - good.length]! : good[which]!;
        let bytes = new Uint8Array(source);
        for (const { at, byte, cut } of bends) {
          bytes[at % bytes.length] = byte;
          if (cut === 0) bytes = bytes.slice(0, bytes.length - (at % 3));
        }
        try {
          (isRequest ? decodePushRequest : decodePushFrame)(bytes);
        } catch (error) {
          if (!(error instanceof PerdureError)) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
