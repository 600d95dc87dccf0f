import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { operations } from "@perdure/wire";
import { expect, test } from "vitest";
import { checkInput } from "../http/input.ts";
import { apiDocument, apiRoutes } from "./api.ts";

const file = new URL("../../../../docs/openapi.json", import.meta.url);

test("the document is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(apiDocument()));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe("3.1");
});

test("docs/openapi.json is what the routes say; `npm run openapi` writes it", async () => {
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual(apiDocument());
});

test("every operation of the wire is in the document, but for those not served yet", () => {
  const told = new Set(apiRoutes().map(({ operation }) => operation));
  const missing = Object.keys(operations).filter((name) => !told.has(name as never));
  expect(missing.filter((name) => !name.startsWith("push."))).toEqual([]);
});

test("the examples of bodies are what the routes take", () => {
  const withExample = apiRoutes().filter(({ body, example }) => body && example !== undefined);
  expect(withExample.length).toBeGreaterThan(10);
  for (const { body, example, operation } of withExample) {
    expect(() => checkInput(body!, example, operation)).not.toThrow();
  }
});
