/**
 * `npm run soak`: a server, its workers and clients with one of everything, for long; workers are
 * killed often, the server now and then. Every result is checked, and the memory has to stay flat.
 *
 *     npm run soak -- --minutes 20 --lanes 64 --out proof/reports/soak.json
 */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "perdure";
import { isFlat, livesOf, type Sample } from "./judge.ts";
import { Load } from "./load.ts";
import { ask, kill, killAll, start } from "./processes.ts";
import type { Vitals } from "./server-process.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    lanes: { type: "string", default: "64" },
    workers: { type: "string", default: "2" },
    /** Lives of the server. */
    lives: { type: "string", default: "3" },
    /** Mean time between two kills of workers. */
    "kill-seconds": { type: "string", default: "12" },
    "retention-seconds": { type: "string", default: "30" },
    out: { type: "string" },
  },
});

const SAMPLE_MS = 5_000;
const soakMs = Number(values.minutes) * 60_000;
const lives = Number(values.lives);
const apiKey = `pdk_${randomBytes(8).toString("hex")}_${randomBytes(32).toString("base64url")}`;
const folder = mkdtempSync(join(tmpdir(), "perdure-soak-"));
const store = join(folder, "soak.db");
const samples: Sample[] = [];
const kills = { workers: 0, servers: 0 };
const began = performance.now();
let life = 0;
const over = new AbortController();

let [server, port] = await startServer("0");
const url = `http://127.0.0.1:${port}`;
const workers = new Set<ChildProcess>();
for (let i = 0; i < Number(values.workers); i++) await startWorker();
const perdure = await connect(url, { apiKey, callTimeout: 60_000 });
const load = new Load(perdure);

try {
  const loading = load.go(Number(values.lanes));
  const killing = killWorkers();
  await sampling();
  load.stop();
  over.abort();
  await Promise.all([loading, killing]);
  await load.audit();
} finally {
  load.stop();
  over.abort();
  await perdure.close().catch(() => undefined);
  await killAll();
  rmSync(folder, { recursive: true, force: true });
}
report();

/** Looks at the server now and then, and ends each of its lives but the last. */
async function sampling(): Promise<void> {
  while (elapsed() < soakMs) {
    await sleep(SAMPLE_MS);
    if (life < lives && elapsed() > (soakMs * life) / lives) await replaceServer();
    const vitals = await ask<Vitals>(server);
    if (vitals === undefined) throw new Error("the server ended by itself");
    samples.push({ ...vitals, atMs: elapsed(), life, done: load.tally.done });
    const { heapBytes, rssBytes, storeBytes } = vitals;
    const text = `${(elapsed() / 60_000).toFixed(1)} min: ${load.tally.done} runs, heap ${mib(heapBytes)}, rss ${mib(rssBytes)}, store ${mib(storeBytes)} MiB`;
    process.stderr.write(`\r${text}   `);
  }
  process.stderr.write("\n");
}

async function startServer(at: string): Promise<readonly [ChildProcess, string]> {
  life += 1;
  const retentionMs = String(Number(values["retention-seconds"]) * 1_000);
  const script = new URL("server-process.ts", import.meta.url);
  const [child, ready] = await start<{ port: string }>(script, [store, at, apiKey, retentionMs], {
    nodeFlags: ["--expose-gc"],
  });
  return [child, ready.port];
}

async function replaceServer(): Promise<void> {
  kills.servers += 1;
  await kill(server);
  [server, port] = await startServer(port);
}

async function startWorker(): Promise<void> {
  const [child] = await start(new URL("worker-process.ts", import.meta.url), [url, apiKey]);
  workers.add(child);
}

async function killWorkers(): Promise<void> {
  while (!over.signal.aborted) {
    await sleep(2_000 * Number(values["kill-seconds"]) * Math.random());
    const [oldest] = workers;
    if (over.signal.aborted || oldest === undefined) continue;
    workers.delete(oldest);
    kills.workers += 1;
    await kill(oldest, Math.random() < 0.8 ? "SIGKILL" : "SIGTERM");
    await startWorker();
  }
}

function report(): void {
  const { done, wrong, lost, latenciesMs, doubtful } = load.tally;
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0);
  const told = livesOf(samples);
  const flat = told.length > 0 && told.every((one) => isFlat(one));
  const summary = {
    machine: { cores: availableParallelism(), cpu: cpus()[0]?.model, node: process.version },
    minutes: Math.round(elapsed() / 6_000) / 10,
    lanes: Number(values.lanes),
    kills,
    runs: done,
    doubtful: doubtful.reduce((sum, one) => sum + one, 0),
    wrong,
    lost,
    latencyMs: { p50: at(0.5), p99: at(0.99), most: at(0.9999) },
    memoryIsFlat: flat,
    lives: told,
  };
  if (values.out !== undefined) {
    const text = JSON.stringify({ ...summary, samples }, rounded, 1);
    writeFileSync(values.out, `${text}\n`);
  }
  console.log(JSON.stringify(summary, rounded, 2));
  const isGood = flat && wrong.length === 0 && lost.length === 0 && done > 0;
  console.log(`soak: ${isGood ? 1 : 0} passed, ${isGood ? 0 : 1} failed`);
  process.exitCode = isGood ? 0 : 1;
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}

function elapsed(): number {
  return performance.now() - began;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
