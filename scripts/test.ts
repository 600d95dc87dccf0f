// `npm test`: the unit tests and contracts, then the fuzzer beside the small worlds, then the simulator.
//
// Counts every vitest test as one, and every suite line of fuzzer and simulator
// (`sim: N passed, N failed`) as one. What ran and said nothing has failed: a crash before
// the first test, an empty report or a simulator that is not there can never look green.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { closingLine, run, type Tally } from "./run.ts";

const report = ".cache/vitest.json";
const simSeeds = "5000";
const fuzzInputs = "100000";

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
}

async function unitTests(): Promise<Tally> {
  rmSync(report, { force: true });
  const { code } = await run(
    "vitest",
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    { echo: true },
  );
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  return tallyReport(JSON.parse(readFileSync(report, "utf8")) as VitestReport, code);
}

function tallyReport(json: VitestReport, code: number): Tally {
  const brokenFiles = json.testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
  const failed = json.numFailedTests + brokenFiles;
  const silentFailure = failed === 0 && (code !== 0 || json.numPassedTests === 0);
  return { passed: json.numPassedTests, failed: silentFailure ? 1 : failed };
}

/** A program of ours that says `<suite>: N passed, N failed` for each of its suites. */
async function program(script: string, main: string, args: readonly string[]): Promise<Tally> {
  if (!existsSync(main)) {
    console.error(`A part of the tests is missing: ${main} does not exist.`);
    return { passed: 0, failed: 1 };
  }
  const { code, output } = await run("npm", ["run", "--silent", script, "--", ...args], {
    echo: true,
  });
  return tallySuites(script, output, code);
}

function tallySuites(script: string, output: string, code: number): Tally {
  const lines = new RegExp(`^${script}[^:\\n]*: (\\d+) passed, (\\d+) failed\\s*$`, "gm");
  const suites = [...output.matchAll(lines)];
  const passed = suites.filter(([, ran, bad]) => Number(ran) > 0 && Number(bad) === 0).length;
  const failed = suites.length - passed;
  const silentFailure = failed === 0 && (code !== 0 || passed === 0);
  if (silentFailure) console.error(`${script} ended with ${code} and no verdict of failure.`);
  return { passed, failed: silentFailure ? 1 : failed };
}

const unit = await unitTests();
// Side by side, since each of these has work for one core only.
const singles = await Promise.all([
  program("fuzz", "proof/src/fuzz/main.ts", ["--inputs", fuzzInputs]),
  program("sim", "sim/src/main.ts", ["exhaustive"]),
]);
const tallies = [
  unit,
  ...singles,
  await program("sim", "sim/src/main.ts", ["--seeds", simSeeds]),
  await program("sim", "sim/src/main.ts", ["bugs"]),
];
const total = tallies.reduce((sum, { passed, failed }) => ({
  passed: sum.passed + passed,
  failed: sum.failed + failed,
}));
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
