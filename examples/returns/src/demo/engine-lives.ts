/**
 * Runs the engine's process until the job is done, and kills it by plan while it works.
 *
 * 1. A kill counts only if the process had finished a call since its start, had another under way
 *    when last seen, had returns left to do, and died of our SIGKILL.
 * 2. An end that was not asked for is a failure of the demo, never another life.
 */
import type { ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { Progress, WorkerMessage } from "../config.ts";
import type { ApproverDesk } from "./approver.ts";
import type { PlannedKill } from "./kill-plan.ts";
import { kill, ready, spawnScript } from "./processes.ts";

const STALL_MS = 45_000;
const EXPLAIN_MS = 5000;
const workerScript = new URL("../worker.ts", import.meta.url);

export interface LivesOptions {
  readonly configFile: string;
  readonly logFile: string;
  readonly plan: readonly PlannedKill[];
  readonly approver: ApproverDesk;
}

export class EngineLives {
  readonly #options: LivesOptions;
  #progress: Progress = { total: 0, closed: 0, inFlight: 0, finished: 0 };
  #closed = 0;
  #landed = 0;
  #callsCutOff = 0;
  #lastChangeMs = Date.now();

  constructor(options: LivesOptions) {
    this.#options = options;
  }

  get kills(): number {
    return this.#landed;
  }

  /** Calls that were under way when a kill landed: done or not, nobody could tell. */
  get callsCutOff(): number {
    return this.#callsCutOff;
  }

  get progress(): { readonly closed: number; readonly total: number } {
    return { closed: this.#closed, total: this.#progress.total };
  }

  async run(): Promise<void> {
    for (const planned of this.#options.plan) {
      if ((await this.#live(planned)) === "done") return;
    }
    await this.#live(undefined);
  }

  async #live(planned: PlannedKill | undefined): Promise<"done" | "killed"> {
    const { configFile, logFile, approver } = this.#options;
    const child = spawnScript(workerScript, [configFile], logFile);
    this.#progress = { ...this.#progress, inFlight: 0, finished: 0 };
    child.on("message", (message) => this.#hear(message as WorkerMessage));
    const exit = once(child, "exit");
    const first = await ready<WorkerMessage>(child);
    if (first.type === "ready") approver.approvalsUrl = first.approvalsUrl;
    const ended = exit.then(([code, signal]: unknown[]) => ({ code, signal }));

    const over = new AbortController();
    const end = await Promise.race([ended, this.#momentFor(child, planned, over.signal)]);
    over.abort();
    if (end === "now") return this.#kill(child);
    if (end.code === 0) return "done";
    throw new Error(`the engine's process ended by itself (${String(end.signal ?? end.code)})`);
  }

  /** Resolves when it is time to kill: at the end, when no kill is planned. */
  async #momentFor(
    child: ChildProcess,
    planned: PlannedKill | undefined,
    over: AbortSignal,
  ): Promise<"now"> {
    while (!over.aborted) {
      await delay(10);
      if (Date.now() - this.#lastChangeMs > STALL_MS) await this.#stalled(child);
      if (planned === undefined || !this.#atWork(planned)) continue;
      await delay(planned.delayMs);
      if (this.#atWork(planned)) return "now";
    }
    return "now";
  }

  #atWork(planned: PlannedKill): boolean {
    const { total, inFlight, finished } = this.#progress;
    const share = total === 0 ? 0 : this.#closed / total;
    return share >= planned.afterShare && share < 1 && finished > 0 && inFlight > 0;
  }

  async #kill(child: ChildProcess): Promise<"done" | "killed"> {
    this.#options.approver.approvalsUrl = undefined;
    const { inFlight } = this.#progress;
    const signal = await kill(child);
    if (signal !== "SIGKILL") return "done";
    this.#landed++;
    this.#callsCutOff += inFlight;
    return "killed";
  }

  #hear(message: WorkerMessage): void {
    if (message.type !== "progress") return;
    const { closed, finished } = message.progress;
    const moved = closed > this.#closed || finished !== this.#progress.finished;
    if (moved) this.#lastChangeMs = Date.now();
    this.#progress = message.progress;
    this.#closed = Math.max(this.#closed, closed);
  }

  async #stalled(child: ChildProcess): Promise<never> {
    child.send("explain");
    const explanation = await Promise.race([explanationOf(child), delay(EXPLAIN_MS)]);
    const text = explanation ?? "nothing: it does not answer";
    throw new Error(`nothing has moved for ${STALL_MS / 1000} s. The engine says:\n${text}`);
  }
}

async function explanationOf(child: ChildProcess): Promise<string | undefined> {
  for await (const [message] of on(child, "message") as AsyncIterable<[WorkerMessage]>) {
    if (message.type === "explained") return message.text;
  }
  return undefined;
}
