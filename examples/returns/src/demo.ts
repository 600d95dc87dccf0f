/**
 * The demo: hundreds of returns, services that fail on purpose, and an engine that is killed over
 * and over. At the end every return is checked against the services' own ledgers.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { audit } from "./demo/audit.ts";
import { EngineLives } from "./demo/engine-lives.ts";
import { planKills } from "./demo/kill-plan.ts";
import { KILLS_WANTED, readOptions, type DemoOptions } from "./demo/options.ts";
import { killAll } from "./demo/processes.ts";
import { ProgressLine } from "./demo/progress-line.ts";
import { reportOf } from "./demo/report.ts";
import { openShop } from "./demo/shop.ts";

const DEADLINE_MS = 240_000;
const DEADLINE_PER_KILL_MS = 2000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const options = readOptions(process.argv.slice(2));
if ("help" in options) {
  say(options.help);
  process.exit(options.exitCode);
}
const folder = mkdtempSync(join(tmpdir(), "perdure-returns-"));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void leave(130, options.keep));
}
const good = await main(options).catch((error: unknown) => {
  say(`\nThe demo could not finish: ${error instanceof Error ? error.message : String(error)}`);
  return false;
});
await leave(good ? 0 : 1, options.keep || !good);

/** Answers whether all went as it must. */
async function main({ seed, kills, startsPerSecond }: DemoOptions): Promise<boolean> {
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  say(`Seed ${seed}; the engine's process will be killed ${kills} times.`);
  const shop = await openShop(folder, { seed, startsPerSecond });
  const lives = new EngineLives({
    configFile: shop.configFile,
    logFile: join(folder, "engine.log"),
    plan: planKills(seed, kills),
    approver: shop.approver,
  });
  const line = new ProgressLine(process.stdout, () => {
    const { closed, total } = lives.progress;
    return `${closed} of ${total} returns closed, ${lives.kills} kills, ${seconds().toFixed(0)} s`;
  });
  line.start();
  await Promise.race([lives.run(), failAfter(DEADLINE_MS + kills * DEADLINE_PER_KILL_MS)]).finally(
    () => line.stop(),
  );

  const books = await audit(shop, seed);
  const { kills: landed, callsCutOff } = lives;
  say(`\n${reportOf({ ...books, kills: landed, callsCutOff, seconds: seconds() })}`);
  if (landed < Math.min(kills, KILLS_WANTED)) {
    say(`Only ${landed} of ${kills} kills hit the engine at work: that proves too little.`);
    return false;
  }
  return books.reconciliation.findings.length === 0;
}

async function failAfter(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`not done after ${ms / 1000} s`);
}

/** Ends everything that was started, however far it came. */
async function leave(exitCode: number, keep: boolean): Promise<never> {
  await killAll();
  if (keep) say(`\nThe databases, ledgers and logs are in ${folder}`);
  else rmSync(folder, { recursive: true, force: true });
  process.exit(exitCode);
}
