/** `npm run fuzz`: sends strange things to whatever takes things from strangers. */
import { parseArgs } from "node:util";
import { fuzz, one, type Report } from "./fuzz.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets/index.ts";

const usage = `npm run fuzz -- [--inputs 100000] [--first 1] [--target <name>]
npm run fuzz -- replay <target> <seed>`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inputs: { type: "string", default: "100000" },
    first: { type: "string", default: "1" },
    target: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(usage);
else if (positionals[0] === "replay") {
  process.exitCode = await replay(positionals[1] ?? "", Number(positionals[2]));
} else process.exitCode = await fuzzAll(Number(values.inputs), Number(values.first));

async function fuzzAll(inputs: number, first: number): Promise<number> {
  const chosen = await made(values.target);
  if (!(inputs > 0) || !Number.isInteger(first) || chosen.length === 0) {
    console.error(usage);
    return 2;
  }
  const shares = chosen.reduce((sum, { share }) => sum + share, 0);
  let isGood = true;
  for (const target of chosen) {
    const report = await fuzz(target, first, Math.ceil((inputs * target.share) / shares));
    print(report);
    isGood &&= report.failures.length + report.complaints.length === 0;
  }
  return isGood ? 0 : 1;
}

async function replay(name: string, seed: number): Promise<number> {
  const [target] = await made(name);
  if (target === undefined || !Number.isInteger(seed)) {
    console.error(usage);
    return 2;
  }
  const result = await one(target, seed);
  console.log(result);
  await target.close?.();
  return "why" in result ? 1 : 0;
}

async function made(name: string | undefined): Promise<readonly Target[]> {
  const all = await Promise.all(targets.map(async (make) => make()));
  const isWanted = (target: Target) => name === undefined || target.name === name;
  for (const target of all) if (!isWanted(target)) await target.close?.();
  return all.filter(isWanted);
}

function print({ target, inputs, accepted, refused, failures, complaints }: Report): void {
  for (const { seed, why, input } of failures) {
    console.log(`fuzz ${target}, seed ${seed}: ${why}\n  input: ${input}`);
    console.log(`  again: npm run fuzz -- replay ${target} ${seed}`);
  }
  for (const complaint of complaints) console.log(`fuzz ${target}: ${complaint}`);
  const codes = [...refused].toSorted((a, b) => b[1] - a[1]).map(([code, n]) => `${code} ${n}`);
  console.log(`fuzz ${target}, ${accepted} taken, refused: ${codes.join(", ") || "none"}`);
  const failed = failures.length + complaints.length;
  console.log(`fuzz ${target}: ${inputs - failures.length} passed, ${failed} failed`);
}
