import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { simulate, type Report } from "./simulation.ts";
import { inMacrotask } from "./world/drain.ts";

const run = (seed: number): Promise<Report> => inMacrotask(() => simulate({ seed }));

/** A few: `npm test` lets the simulator itself run the first 5,000. */
test("every run ends as its program says, whatever failed on the way", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { violations } = await run(seed);
    expect({ seed, violations }).toEqual({ seed, violations: [] });
  }
});

test("the same seed takes the same turns", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const first = await run(seed);
    const second = await run(seed);
    expect({ seed, hash: second.hash }).toEqual({ seed, hash: first.hash });
  }
});

test("another process takes the same turns", async () => {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  const options = ["--conditions=perdure-source", main, "hashes", "--first", "1", "--seeds", "20"];
  const output = execFileSync(process.execPath, options, { encoding: "utf8" });
  const hashes: string[] = [];
  for (let seed = 1; seed <= 20; seed++) hashes.push(`${seed} ${(await run(seed)).hash}`);
  expect(output.trim().split("\n")).toEqual(hashes);
});
