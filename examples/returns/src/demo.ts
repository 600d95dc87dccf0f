/**
 * The demo: hundreds of returns, services that fail on purpose, and an engine that is killed over
 * and over; or servers, their databases, workers and client, each killed over and over. At the end every
 * return is checked against the services' own ledgers.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { audit } from "./demo/audit.ts";
import { castOf } from "./demo/cast.ts";
import { KILLS_WANTED, readOptions, type DemoOptions } from "./demo/options.ts";
import { killAll } from "./demo/processes.ts";
import { ProgressLine } from "./demo/progress-line.ts";
import { reportOf } from "./demo/report.ts";
import { openShop } from "./demo/shop.ts";

const DEADLINE_MS = 240_000;
/** A process is soon there again; whoever takes over from a node waits for its lease first. */
const DEADLINE_PER_KILL_MS = { embedded: 2000, server: 2000, cluster: 10_000 };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const options = readOptions(process.argv.slice(2));
if ("help" in options) {
  say(options.help);
  process.exit(options.exitCode);
}
const folder = mkdtempSync(join(tmpdir(), "perdure-returns-"));
// PostgreSQL's own user has to get through to what is his.
chmodSync(folder, 0o711);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void leave(130, options.keep));
}
const good = await main(options).catch((error: unknown) => {
  say(`\nThe demo could not finish: ${error instanceof Error ? error.message : String(error)}`);
  return false;
});
await leave(good ? 0 : 1, options.keep || !good);

/** Answers whether all went as it must. */
async function main(chosen: DemoOptions): Promise<boolean> {
  const { seed, kills } = chosen;
  const startedMs = performance.now();
  const seconds = (): number => (performance.now() - startedMs) / 1000;
  const victims = {
    embedded: "the engine's process",
    server: "server, workers and driver",
    cluster: "databases, servers, workers and driver",
  }[chosen.cast];
  say(`Seed ${seed}; ${victims} will be killed ${kills} times.`);
  const shop = await openShop(folder, chosen);
  const cast = castOf(folder, shop, chosen);
  const landed = (): number => cast.killed().reduce((sum, { kills: times }) => sum + times, 0);
  const line = new ProgressLine(process.stdout, () => {
    const { closed, total } = cast.board;
    return `${closed} of ${total} returns closed, ${landed()} kills, ${seconds().toFixed(0)} s`;
  });
  line.start();
  const deadline = failAfter(DEADLINE_MS + kills * DEADLINE_PER_KILL_MS[chosen.cast]);
  await Promise.race([cast.run(), deadline]).finally(() => line.stop());

  const books = await audit(shop, seed);
  say(`\n${reportOf({ ...books, killed: cast.killed(), seconds: seconds() })}`);
  if (landed() < Math.min(kills, KILLS_WANTED)) {
    say(`Only ${landed()} of ${kills} kills hit a process at work: that proves too little.`);
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
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(exitCode);
}
