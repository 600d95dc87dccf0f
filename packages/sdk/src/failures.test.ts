import { limits } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import {
  CancelledError,
  FailureError,
  PermanentError,
  RetryAfterError,
  StepError,
  TimeoutError,
} from "./errors.ts";
import { errorOf, failureOf } from "./failures.ts";
import { decode } from "./payload.ts";

describe("what is thrown becomes data", () => {
  test("its code is its own, or the name of its class", () => {
    class Declined extends Error {}
    expect(failureOf(Object.assign(new Error("x"), { code: "ECONNRESET" })).code).toBe(
      "ECONNRESET",
    );
    expect(failureOf(new TypeError("x")).code).toBe("TypeError");
    expect(failureOf(new Declined("x")).code).toBe("Declined");
    expect(failureOf("text")).toEqual({ code: "thrown", message: "text" });
    expect(failureOf(undefined).message).toContain("no Error");
  });

  test("it says whether and when to try again", () => {
    expect(failureOf(new PermanentError("no", { code: "declined" }))).toMatchObject({
      code: "declined",
      retryable: false,
    });
    expect(failureOf(new RetryAfterError("busy", "3s")).retryAfterMs).toBe(3000);
    expect(failureOf(new Error("x"))).not.toHaveProperty("retryable");
  });

  test("its causes and details are kept, within bounds", () => {
    const cause = new Error("deep");
    const failure = failureOf(new PermanentError("top", { cause, details: { id: 7 } }));
    expect(failure.cause).toMatchObject({ message: "deep" });
    expect(decode(failure.details)).toEqual({ id: 7 });
    let chain = new Error("0");
    for (let i = 1; i < 100; i++) chain = new Error(String(i), { cause: chain });
    expect(JSON.stringify(failureOf(chain)).split('"message"').length - 1).toBe(9);
    const long = failureOf(new Error("x".repeat(limits.failureMessageChars + 1)));
    expect(long.message.length).toBe(limits.failureMessageChars);
    expect(long.stack?.length).toBeLessThanOrEqual(limits.failureStackChars);
  });
});

describe("data becomes what code can catch", () => {
  test("by its code", () => {
    expect(errorOf({ code: "cancelled", message: "m" })).toBeInstanceOf(CancelledError);
    expect(errorOf({ code: "timed-out", message: "m" })).toBeInstanceOf(TimeoutError);
    expect(errorOf({ code: "timeout-heartbeat", message: "m" })).toBeInstanceOf(TimeoutError);
    const other = errorOf({ code: "declined", message: "m", cause: { code: "c", message: "d" } });
    expect(other).toBeInstanceOf(FailureError);
    expect(other.cause).toMatchObject({ code: "c", message: "d" });
  });

  test("and goes back as the data it was", () => {
    const failure = { code: "declined", message: "m", retryable: false, stack: "s" };
    expect(failureOf(errorOf(failure))).toBe(failure);
    const step = { name: "pay", key: "pay#2", attempt: 3 };
    const error = new StepError(step, failure, errorOf(failure));
    expect(failureOf(error)).toMatchObject({
      code: "declined",
      message: 'step "pay#2" failed: m',
      retryable: false,
      cause: failure,
    });
  });
});
