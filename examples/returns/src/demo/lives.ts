/**
 * Runs a process until it is done or told to stop, and kills it by plan while it works.
 *
 * 1. A kill counts only if work was finished since the process began, more was under way when last
 *    seen, there were returns left to do, and it died of our SIGKILL.
 * 2. An end that was not asked for is a failure of the demo, never another life.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import type { ProcessMessage } from "../config.ts";
import type { Board } from "./board.ts";
import type { PlannedKill } from "./kill-plan.ts";
import { kill, ready, spawnScript } from "./processes.ts";

export interface LivesOptions {
  readonly name: string;
  readonly script: URL;
  readonly configFile: string;
  /** Which of several it is, for the script to know. */
  readonly args?: readonly string[];
  readonly logFile: string;
  readonly plan: readonly PlannedKill[];
  readonly board: Board;
  /** Whose work shows that it is at work; default: its own. */
  readonly worksFor?: readonly string[];
  /** How it dies; default: of SIGKILL, from here. */
  readonly kill?: typeof kill;
  /** Each life's first words; undefined: it is dead. */
  readonly onLife?: (message: ProcessMessage | undefined) => void;
}

type End = "done" | "killed";

export class Lives {
  readonly #options: LivesOptions;
  readonly #worksFor: readonly string[];
  readonly #firstLife = Promise.withResolvers<void>();
  #child: ChildProcess | undefined;
  #isStopping = false;
  #kills = 0;
  #cutOff = 0;
  #finishedBefore = 0;

  constructor(options: LivesOptions) {
    this.#options = options;
    this.#worksFor = options.worksFor ?? [options.name];
    this.#firstLife.promise.catch(() => undefined);
  }

  get kills(): number {
    return this.#kills;
  }

  /** What was under way when a kill landed: done or not, nobody could tell. */
  get cutOff(): number {
    return this.#cutOff;
  }

  /** Resolves when it is up for the first time. */
  get isUp(): Promise<void> {
    return this.#firstLife.promise;
  }

  /** Until it ends by itself, or after `stop`. */
  async run(): Promise<void> {
    try {
      for (const planned of this.#options.plan) {
        if ((await this.#live(planned)) === "done") return;
      }
      await this.#live(undefined);
    } catch (error) {
      this.#firstLife.reject(error);
      throw error;
    }
  }

  /** Asks it to end, as an operator would. */
  stop(): void {
    this.#isStopping = true;
    this.#child?.kill("SIGTERM");
  }

  ask(message: string): ChildProcess | undefined {
    this.#child?.send(message);
    return this.#child;
  }

  async #live(planned: PlannedKill | undefined): Promise<End> {
    const { name, script, configFile, args = [], logFile, board, onLife } = this.#options;
    const child = spawnScript(script, [configFile, ...args], logFile);
    child.on("message", (message: ProcessMessage) => {
      if (message.type === "progress") board.hear(name, message.progress);
    });
    const exit = once(child, "exit");
    onLife?.(await ready<ProcessMessage>(child));
    this.#child = child;
    board.stir();
    this.#finishedBefore = board.finished(this.#worksFor);
    this.#firstLife.resolve();
    if (this.#isStopping) this.stop();
    const ended = exit.then(([code, signal]: unknown[]) => ({ code, signal }));

    const over = new AbortController();
    const end = await Promise.race([ended, this.#momentFor(planned, over.signal)]);
    over.abort();
    if (end === "now") return this.#kill(child);
    this.#dead();
    if (end.code === 0) return "done";
    throw new Error(`the ${name}'s process ended by itself (${String(end.signal ?? end.code)})`);
  }

  /** Resolves when it is time to kill: never, when no kill is planned. */
  async #momentFor(planned: PlannedKill | undefined, over: AbortSignal): Promise<"now"> {
    while (!over.aborted) {
      await delay(10);
      if (planned === undefined || !this.#atWork(planned)) continue;
      await delay(planned.delayMs);
      if (this.#atWork(planned)) return "now";
    }
    return "now";
  }

  #atWork({ afterShare }: PlannedKill): boolean {
    const { board } = this.#options;
    const hasFinished = board.finished(this.#worksFor) > this.#finishedBefore;
    const isBusy = hasFinished && board.inFlight(this.#worksFor) > 0;
    return isBusy && board.share >= afterShare && board.share < 1 && !this.#isStopping;
  }

  async #kill(child: ChildProcess): Promise<End> {
    const inFlight = this.#options.board.inFlight(this.#worksFor);
    this.#options.onLife?.(undefined);
    const signal = await (this.#options.kill ?? kill)(child);
    this.#dead();
    if (signal !== "SIGKILL") return "done";
    this.#kills++;
    this.#cutOff += inFlight;
    return "killed";
  }

  #dead(): void {
    this.#child = undefined;
    this.#options.board.forget(this.#options.name);
    this.#options.onLife?.(undefined);
  }
}
