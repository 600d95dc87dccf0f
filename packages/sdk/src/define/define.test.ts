import { limits } from "@perdure/kernel";
import { describe, expect, test } from "vitest";
import { handler, object, open, task, workflow } from "../index.ts";
import { validate, type Schema } from "../schema.ts";

describe("a name", () => {
  test.each([
    ["", /is empty/],
    ["a#2", /holds "#"/],
    ["$timer", /begins with "\$"/],
    ["x".repeat(limits.nameChars + 1), /longer than/],
  ])("is refused when it cannot be part of a key: %j", (name, message) => {
    expect(() => workflow({ name }, () => undefined)).toThrow(message);
    expect(() => task({ name }, () => undefined)).toThrow(message);
    expect(() => object({ name, handlers: {} })).toThrow(message);
  });

  test("may be as long as the limit says", () => {
    const name = "x".repeat(limits.nameChars);
    expect(workflow({ name }, () => undefined).name).toBe(name);
  });

  test("of a handler is not the one that sends", () => {
    const handlers = { send: handler(() => undefined) };
    expect(() => object({ name: "o", handlers })).toThrow(/"send"/);
  });

  test("belongs to one definition of a process", async () => {
    const one = workflow({ name: "one" }, () => 1);
    const other = workflow({ name: "one" }, () => 2);
    await expect(open({ store: "memory:", workflows: [one, other] })).rejects.toThrow(
      /two workflows/,
    );
  });
});

test("a store that nobody knows is refused with those that are known", async () => {
  await expect(open({ store: "redis://x" })).rejects.toThrow(
    /"sqlite:\.\/perdure\.db" or "memory:"/,
  );
});

test("a schema that validates asynchronously is refused, since a replay could not wait for it", () => {
  const slow: Schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async () => ({ issues: [{ message: "x" }] }),
    },
  };
  expect(() => validate(slow, 1, "it")).toThrow(/make the schema synchronous/);
});
