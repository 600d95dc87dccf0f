import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generate, requestsFile } from "./generate.ts";

test("the committed requests are the ones that the generator writes", () => {
  expect(readFileSync(requestsFile, "utf8")).toBe(generate());
});
