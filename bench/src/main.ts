/**
 * `npm run bench`: Perdure, and its peers where they are installed, measured in turns.
 *
 *     npm run bench                                     what there is, all workloads, 5 rounds
 *     npm run bench -- --peers                          installs the peers first
 *     npm run bench -- --only a,g --contenders perdure,dbos
 *     npm run bench -- --quick                          does it all work? figures mean nothing
 *     npm run bench -- race                             one service behind two servers
 *     npm run bench -- report                           README.md, RACE.md and charts from results/
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { arePeersInstalled, ourContenders, peers, peersFolder } from "./contenders.ts";
import { changed, chosenKinds, fullPlan, quickPlan, racePlan } from "./plan.ts";
import { writeReport } from "./report/report.ts";
import { runSuite } from "./suite.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    contenders: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    quick: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
    out: { type: "string" },
  },
});

const records = join(import.meta.dirname, "../results");
const races = join(import.meta.dirname, "../results/race");
/** The same code of a peer's SDK, in front of our server and in front of the peer's. */
const racers = "perdure-restate,restate,restate-4-partitions";

const verb = positionals[0];
const record = verb === "race" ? races : records;
const folder = values.out ?? (values.quick ? mkdtempSync(join(tmpdir(), "bench-quick-")) : record);

if (verb === "report") {
  writeReport(folder, join(import.meta.dirname, "../README.md"));
  if (folder === records)
    writeReport(races, join(import.meta.dirname, "../RACE.md"), "results/race");
} else if (verb === undefined || verb === "race") {
  await run();
} else {
  throw new Error(`"${verb}" is neither "race" nor "report"; leave it out to measure all`);
}

async function run(): Promise<void> {
  if (values.peers) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: peersFolder, stdio: "inherit" });
  } else if (!arePeersInstalled()) {
    console.log("peers: missing; install and measure them: npm run bench -- --peers");
  }
  const standard = values.quick ? quickPlan : verb === "race" ? racePlan : fullPlan;
  const plan = changed(standard, {
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
  });
  const contenders = chosenContenders();
  const kinds = chosenKinds(values.only).filter((kind) => plan[kind].length > 0);
  const say = (line: string): void => console.log(line);
  const begin = performance.now();
  const failures = await runSuite({ plan, kinds, contenders, folder, say });
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  console.log(`${minutes} minutes; written to ${folder}`);
  console.log("npm run bench -- report makes tables and charts of bench/results");
  if (failures > 0) console.error(`${failures} measurements failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

function chosenContenders(): Map<string, string> {
  const all = new Map([...ourContenders(), ...(arePeersInstalled() ? peers() : [])]);
  const named = values.contenders ?? (verb === "race" ? racers : undefined);
  if (named === undefined) return all;
  return new Map(
    named.split(",").map((name) => {
      const module = all.get(name);
      if (module !== undefined) return [name, module];
      throw new Error(`--contenders names "${name}"; there are ${[...all.keys()].join(", ")}`);
    }),
  );
}
