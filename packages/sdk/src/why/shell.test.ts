import { expect, test } from "vitest";
import fc from "fast-check";
import { commandLine } from "@perdure/kernel";
import { wordsOf } from "./scene.test-support.ts";

test("a command can be pasted: a POSIX shell reads the arguments that were meant", () => {
  for (const argument of [
    "plain",
    "two words",
    "it's",
    `"$HOME" \`id\``,
    "a\nb",
    "",
    "é✓",
    "*",
    "~",
  ]) {
    const words = wordsOf(commandLine("runs signal", "run", argument));
    expect(words).toEqual(["perdure", "runs", "signal", "run", argument]);
  }
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("\0")),
      (text) => {
        expect(wordsOf(commandLine("why", `x${text}`)).at(-1)).toBe(`x${text}`);
      },
    ),
    { numRuns: 50 },
  );
});

test("what looks like an option is an argument, and an option stays one", () => {
  expect(commandLine("schedules resume", "--all")).toBe("perdure schedules resume -- --all");
  expect(commandLine("why", "--key=object:cart/it's")).toBe(
    String.raw`perdure why '--key=object:cart/it'\''s'`,
  );
});
