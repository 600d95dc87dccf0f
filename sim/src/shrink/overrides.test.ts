import { expect, test } from "vitest";
import { formatOverrides, readOverrides, type Overrides } from "./overrides.ts";

test("overrides come back as they were written", () => {
  const overrides: Overrides = {
    off: ["nodeCrash"],
    only: ["signal#2"],
    chaosMs: 20,
    healMs: 600_000,
    turns: 3,
    style: "few",
    plain: ["memory", "oneWorker"],
    programs: { r1: { id: "r1", body: { type: "sleep", ms: 1 } } },
  };
  expect(readOverrides(formatOverrides(overrides))).toEqual(overrides);
});

test.each([
  ['{"of":["nodeCrash"]}', '--with: "of" cannot be ["nodeCrash"]'],
  ['{"off":"nodeCrash"}', '--with: "off" cannot be "nodeCrash"'],
  ['{"plain":["huge"]}', '--with: "plain" cannot be ["huge"]'],
  ['{"style":"loud"}', '--with: "style" cannot be "loud"'],
  ['{"chaosMs":-1}', '--with: "chaosMs" cannot be -1'],
  ["7", "--with needs a JSON object"],
])("%s is refused by name", (text, message) => {
  expect(() => readOverrides(text)).toThrow(message);
});
