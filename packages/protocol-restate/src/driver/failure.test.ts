import { describe, expect, it } from "vitest";
import { limits, type Failure } from "@perdure/kernel";
import type { RetrySettings } from "../deployments/deployment.ts";
import type { ErrorMessage } from "../messages/messages.ts";
import { answerTo, sdkFailure, type AttemptFailure } from "./failure.ts";

const retry: RetrySettings = {
  initialMs: 100,
  factor: 2,
  maxIntervalMs: 1_000,
  maxAttempts: 3,
  onMaxAttempts: "PAUSE",
};
const broken: AttemptFailure = { code: "RT0010", message: "[RT0010] gone" };
const sdk = (more: Partial<ErrorMessage>): ErrorMessage => {
  return { type: "error", code: 500, message: "boom", stacktrace: "", behavior: 0, ...more };
};

describe("a failed attempt", () => {
  it("is tried again with the handler's delays, which grow up to their limit", () => {
    const endless = { ...retry, maxAttempts: 0 };
    const delays = [0, 1, 2, 3, 4, 50].map((before) => {
      const { commands, failure } = answerTo(broken, endless, before);
      expect(commands).toEqual([]);
      return failure?.retryAfterMs;
    });
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("pauses at the last attempt that is allowed, with the last failure's words", () => {
    expect(answerTo(broken, retry, 1).commands).toEqual([]);
    expect(answerTo(broken, retry, 2)).toEqual({
      commands: [
        {
          type: "run.pause",
          reason: "exhausted",
          message: "3 attempts failed, the last one with: [RT0010] gone",
        },
      ],
      failure: { code: "RT0010", message: "[RT0010] gone", retryable: false },
    });
  });

  it("ends there where the policy says so, with a number that callers know", () => {
    const kill = { ...retry, onMaxAttempts: "KILL" } as const;
    const failure: Failure = { code: "500", message: "[RT0010] gone", retryable: false };
    expect(answerTo(broken, kill, 2)).toEqual({ commands: [{ type: "run.fail", failure }] });
  });

  it("is tried again when the SDK asks, for as long as the SDK asks", () => {
    const asked = sdkFailure(sdk({ nextRetryMs: 70 }));
    expect(answerTo(asked, retry, 40)).toMatchObject({
      commands: [],
      failure: { retryAfterMs: 70 },
    });
  });

  it("waits as long as the endpoint asks, and counts all the same", () => {
    const busy = { ...broken, retryAfterMs: 7_000 };
    expect(answerTo(busy, retry, 0).failure?.retryAfterMs).toBe(7_000);
    expect(answerTo(busy, retry, 2).commands).toMatchObject([{ type: "run.pause" }]);
  });

  it("pauses at once for what time does not cure", () => {
    const { commands, failure } = answerTo({ ...broken, next: { pause: "code" } }, retry, 0);
    expect(commands).toEqual([{ type: "run.pause", reason: "code", message: "[RT0010] gone" }]);
    expect(failure).toMatchObject({ retryable: false });
  });

  it("does not pause for it where the policy is to end, which counts its attempts first", () => {
    const kill = { ...retry, onMaxAttempts: "KILL" } as const;
    const lasting = { ...broken, next: { pause: "code" } } as const;
    expect(answerTo(lasting, kill, 1).commands).toEqual([]);
    expect(answerTo(lasting, kill, 2).commands).toMatchObject([{ type: "run.fail" }]);
    const asked = { ...broken, next: { pause: "code", isAsked: true } } as const;
    expect(answerTo(asked, kill, 0).commands).toMatchObject([{ type: "run.pause" }]);
  });

  it("is cut to what a journal takes", () => {
    const message = "x".repeat(limits.failureMessageChars + 1);
    const stack = "y".repeat(limits.failureStackChars + 1);
    const { failure } = answerTo({ code: "500", message, stack }, retry, 0);
    expect(failure?.message).toHaveLength(limits.failureMessageChars);
    expect(failure?.stack).toHaveLength(limits.failureStackChars);
    const whole = "x".repeat(limits.failureMessageChars);
    expect(answerTo({ code: "500", message: whole }, retry, 0).failure?.message).toBe(whole);
  });
});

describe("an error of the SDK", () => {
  it("names the step, and keeps the stack and what it is about", () => {
    const error = sdk({
      stacktrace: "at a",
      commandIndex: 2,
      commandName: "charge",
      commandType: 17,
    });
    const { failure } = answerTo(sdkFailure(error), retry, 0);
    expect(failure).toMatchObject({ code: "500", message: 'boom (in "charge")', stack: "at a" });
    expect(JSON.parse(Buffer.from(failure!.details!.data).toString())).toEqual({
      related: { index: 2, name: "charge", type: 17 },
    });
  });

  it.each([
    ["a journal mismatch", { code: 570 }, { pause: "nondeterminism" }, /^\[RT0016\] boom/],
    ["a feature that it lacks", { code: 573 }, { pause: "code" }, /^\[RT0012\] boom/],
    ["a pause that it asks for", { behavior: 1 }, { pause: "code", isAsked: true }, /^boom/],
    ["an end that it asks for", { behavior: 2 }, "fail", /^boom/],
    ["a mismatch that is to be the end", { code: 570, behavior: 2 }, "fail", /RT0016/],
    ["a protocol violation", { code: 571 }, undefined, /^\[RT0012\] boom/],
  ])("is taken for %s", (_, more, next, message) => {
    const failure = sdkFailure(sdk(more));
    expect(failure.next).toEqual(next);
    expect(failure.message).toMatch(message);
  });

  it("ends the invocation with its own code", () => {
    const { commands } = answerTo(sdkFailure(sdk({ code: 418, behavior: 2 })), retry, 0);
    expect(commands).toMatchObject([{ type: "run.fail", failure: { code: "418" } }]);
  });
});
