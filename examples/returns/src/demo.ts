/**
 * The demo: hundreds of returns, services that fail on purpose, and an engine that is killed over
 * and over. At the end every return is checked against the services' own ledgers.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RunResult } from "./config.ts";
import { verdictOf } from "./demo/approver.ts";
import { EngineLives } from "./demo/engine-lives.ts";
import { planKills } from "./demo/kill-plan.ts";
import { KILLS_WANTED, readOptions, type DemoOptions } from "./demo/options.ts";
import { killAll } from "./demo/processes.ts";
import { ProgressLine } from "./demo/progress-line.ts";
import { reconcile } from "./demo/reconcile.ts";
import { reportOf } from "./demo/report.ts";
import { APPROVAL_TIMEOUT_MS, openShop } from "./demo/shop.ts";
import { readRequests } from "./intake.ts";

const DEADLINE_MS = 240_000;
const DEADLINE_PER_KILL_MS = 2000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
let folder: string | undefined;

const options = readOptions(process.argv.slice(2));
if ("help" in options) {
  say(options.help);
  process.exitCode = options.exitCode;
} else {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => void clear(options.keep).finally(() => process.exit(130)));
  }
  const good = await main(options).catch((error: unknown) => {
    say(`\nThe demo could not finish: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  });
  await clear(options.keep || !good);
  process.exitCode = good ? 0 : 1;
}

async function main({ seed, kills, ...rest }: DemoOptions): Promise<boolean> {
  const startedMs = performance.now();
  say(`Seed ${seed}; the engine's process will be killed ${kills} times.`);
  folder = mkdtempSync(join(tmpdir(), "perdure-returns-"));
  const shop = await openShop(folder, { seed, kills, ...rest });
  const { config, configFile, approver } = shop;
  const lives = new EngineLives({
    configFile,
    logFile: join(folder, "engine.log"),
    plan: planKills(seed, kills),
    approver,
  });
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const line = new ProgressLine(process.stdout, () => {
    const { closed, total } = lives.progress;
    return `${closed} of ${total} returns closed, ${lives.kills} kills, ${seconds().toFixed(0)} s`;
  });
  line.start();
  try {
    const deadlineMs = DEADLINE_MS + kills * DEADLINE_PER_KILL_MS;
    await Promise.race([lives.run(), failAfter(deadlineMs)]);
  } finally {
    line.stop();
  }

  const file = readFileSync(config.requests);
  const { accepted, rejected } = readRequests(file);
  const results = readLines(config.results).map((text) => RunResult.parse(JSON.parse(text)));
  const reconciliation = reconcile({
    requests: accepted.map(({ request }) => request),
    results,
    found: await shop.found(),
    asked: approver.asked(),
    verdictOf: (returnId) => verdictOf(seed, returnId),
    approvalTimeoutMs: APPROVAL_TIMEOUT_MS,
  });
  const maybeRan = results.reduce((sum, result) => sum + result.maybeRan, 0);
  const stats = await shop.stats();
  approver.close();
  const { kills: landed, callsCutOff } = lives;
  const lines = accepted.length + rejected.length;
  say("");
  say(
    reportOf({
      lines,
      rejected,
      reconciliation,
      stats,
      kills: landed,
      callsCutOff,
      maybeRan,
      seconds: seconds(),
    }),
  );
  const enough = landed >= Math.min(kills, KILLS_WANTED);
  if (!enough)
    say(`Only ${landed} of ${kills} kills hit the engine at work: that proves too little.`);
  return enough && reconciliation.findings.length === 0;
}

async function failAfter(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`not done after ${ms / 1000} s`);
}

function readLines(file: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((text) => text !== "");
}

async function clear(keep: boolean): Promise<void> {
  await killAll();
  if (folder === undefined) return;
  if (keep) say(`\nThe databases, ledgers and logs are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
}
