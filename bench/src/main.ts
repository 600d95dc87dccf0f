/**
 * `npm run bench`: Perdure, and its peers where they are installed, measured in turns.
 *
 *     npm run bench                                     what there is, all workloads, 5 rounds
 *     npm run bench -- --peers                          installs the peers first
 *     npm run bench -- --only a,g --contenders perdure,dbos
 *     npm run bench -- --quick                          does it all work? figures mean nothing
 *     npm run bench -- race                             one service behind two servers
 *     npm run bench -- postgres                         engines on PostgreSQL
 *     npm run bench -- nodes                            several nodes: one dies, and all rest
 *     npm run bench -- report                           the pages and charts from results/
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  arePeersInstalled,
  ourContenders,
  oursOnPostgres,
  peers,
  peersFolder,
} from "./contenders.ts";
import { runDrill } from "./nodes/drill.ts";
import { changed, chosenKinds, quickPlan } from "./plan.ts";
import { pathOf, postgresFolder, suiteOf, suites, suiteVerbs, type NamedSuite } from "./records.ts";
import { writeReport, writeSizing } from "./report/report.ts";
import { runSuite } from "./suite.ts";

const known = [...suiteVerbs, "nodes", "report"].join(", ");
const usage = `npm run bench -- [${known}] [options]   (without a word: all workloads)

  --only <list>         workloads, as a,g or steps,jobs
  --contenders <list>   of those that a run names at its beginning
  --rounds <n>          instead of what the plan says
  --seconds <n>         the same, for each measurement
  --quick               does it all work? figures mean nothing
  --peers               installs the peers first
  --out <folder>        instead of bench/results`;

const { values, positionals } = read();
const verb = positionals[0];
const chosen = suiteOf(verb);

if (values.help) {
  console.log(usage);
} else if (verb === "report") {
  for (const { folder, page } of suites) writeReport(pathOf(folder), pathOf(page), folder);
  writeSizing(pathOf(postgresFolder), pathOf("../docs/postgresql.md"));
} else if (verb === "nodes") {
  const failures = await runDrill({
    folder: values.out ?? pathOf(postgresFolder),
    rounds: Number(values.rounds ?? (values.quick ? 1 : 5)),
    idleSeconds: Number(values.seconds ?? (values.quick ? 2 : 10)),
    say: (line) => console.log(line),
  });
  process.exitCode = failures === 0 ? 0 : 1;
} else if (chosen !== undefined) {
  await run(chosen);
} else {
  console.error(`"${verb}" is none of ${known}; leave it out to measure all`);
  process.exitCode = 2;
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        only: { type: "string" },
        contenders: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        quick: { type: "boolean", default: false },
        peers: { type: "boolean", default: false },
        out: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}

async function run(suite: NamedSuite): Promise<void> {
  if (values.peers) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: peersFolder, stdio: "inherit" });
  } else if (!arePeersInstalled()) {
    console.log("peers: missing; install and measure them: npm run bench -- --peers");
  }
  const plan = changed(values.quick ? quickPlan : suite.plan, {
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
  });
  const contenders = chosenContenders(suite);
  const kinds = chosenKinds(values.only).filter((kind) => plan[kind].length > 0);
  const say = (line: string): void => console.log(line);
  const folder = values.out ?? (values.quick ? quickFolder() : pathOf(suite.folder));
  const begin = performance.now();
  const failures = await runSuite({ plan, kinds, contenders, folder, say });
  const minutes = ((performance.now() - begin) / 60_000).toFixed(1);
  console.log(`${minutes} minutes; written to ${folder}`);
  console.log("npm run bench -- report makes tables and charts of bench/results");
  if (failures > 0) console.error(`${failures} measurements failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

function quickFolder(): string {
  return mkdtempSync(join(tmpdir(), "bench-quick-"));
}

function chosenContenders(suite: NamedSuite): Map<string, string> {
  const common = new Map([...ourContenders(), ...(arePeersInstalled() ? peers() : [])]);
  const all = new Map([...common, ...oursOnPostgres()]);
  const named = values.contenders?.split(",");
  const unknown = named?.find((name) => !all.has(name));
  if (unknown !== undefined) {
    throw new Error(`--contenders names "${unknown}"; there are ${[...all.keys()].join(", ")}`);
  }
  const names = named ?? suite.contenders;
  return names === undefined ? common : new Map([...all].filter(([name]) => names.includes(name)));
}
