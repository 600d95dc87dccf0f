/** `npm run proof`: a store and a cluster of real processes, and everything that happens to them. */
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { proveCluster } from "./cluster/prove.ts";
import { provePostgres } from "./postgres/prove.ts";

const usage = `npm run proof -- postgres|cluster [--size N] [--seed N] [--databases 1] [--out FILE]
  postgres   kill -9, failover and cut connections under a PostgreSQL store; --size: kills (40)
  cluster    three nodes on PostgreSQL, and all that happens to processes and networks between
             them; --size: for so many seconds (60), and then everything is to be well`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: "string" },
    databases: { type: "string", default: "1" },
    seed: { type: "string", default: String(randomInt(1, 1_000_000)) },
    out: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

// What was started ends with this process, and hears of its end only where it exits.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const seed = Number(values.seed);
const databases = Number(values.databases);
const [what = ""] = positionals;
const size = Number(values.size ?? { postgres: 40, cluster: 60 }[what]);
if (values.help || !(size > 0) || !(databases > 0) || !Number.isInteger(seed)) {
  console.log(usage);
  process.exitCode = values.help ? 0 : 2;
} else if (what === "postgres") {
  const failovers = Math.ceil(size / 20);
  finish(what, await provePostgres({ seed, kills: size, failovers }, progress));
} else {
  finish(what, await proveCluster({ seed, databases, seconds: size }, progress));
}

function finish(name: string, report: { readonly complaints: readonly string[] }): void {
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version };
  const text = JSON.stringify({ machine, ...report }, rounded, 2);
  writeFileSync(values.out ?? new URL(`../reports/${name}.json`, import.meta.url), `${text}\n`);
  console.log(text);
  const isGood = report.complaints.length === 0;
  if (!isGood) console.log(`again: npm run proof -- ${name} --size ${size} --seed ${seed}`);
  console.log(`proof ${name}: ${isGood ? 1 : 0} passed, ${isGood ? 0 : 1} failed`);
  // At once: Node waits in vain, and busily, for what networks that were cut have left open.
  process.exit(isGood ? 0 : 1);
}

function progress(text: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1)} s: ${text}\n`);
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}
