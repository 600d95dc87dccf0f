import { expect, test } from "vitest";
import { endings, exitCodes } from "./exit-codes.ts";
import { page } from "./reference.test-support.ts";

/** The formatter aligns tables; what they say is compared. */
function plain(text: string): string {
  return text
    .replaceAll(/ *\| */g, "|")
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/\s+/g, " ");
}

test("docs/cli.md says what the command line does; npm run cli-docs writes it", () => {
  const { is, shouldBe } = page();
  expect(plain(is)).toBe(plain(shouldBe));
});

test("every error code has an exit code, and no two exit codes are one", () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const ending of Object.values(endings)) expect(exitCodes[ending]).toBeDefined();
});
