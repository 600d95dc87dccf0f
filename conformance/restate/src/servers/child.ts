/**
 * A server's process.
 *
 * 1. There is one at most, and it ends with ours.
 * 2. What it prints is appended to one log, over all of its lives.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: string;
  /** Asked until it says yes; throwing counts as no. */
  readonly isReady: () => Promise<boolean>;
}

const startDeadlineMs = 60_000;
const stopDeadlineMs = 20_000;
const askEveryMs = 25;

export class Child {
  readonly #program: Program;
  #process: ChildProcess | undefined;
  readonly #endWithUs = (): void => void this.#process?.kill("SIGKILL");

  constructor(program: Program) {
    this.#program = program;
    process.on("exit", this.#endWithUs);
  }

  async start(): Promise<void> {
    const { file, args, env, log } = this.#program;
    const descriptor = openSync(log, "a");
    const child = spawn(file, args, { env, stdio: ["ignore", descriptor, descriptor] });
    closeSync(descriptor);
    this.#process = child;
    const failure: { error?: Error } = {};
    child.once("error", (error) => (failure.error = error));
    const deadline = performance.now() + startDeadlineMs;
    while (!(await this.#program.isReady().catch(() => false))) {
      if (failure.error) throw failure.error;
      if (this.#process !== child) return;
      if (hasEnded(child) || performance.now() > deadline) {
        throw new Error(`${file} did not start:\n${this.log().slice(-4_000)}`);
      }
      await sleep(askEveryMs);
    }
  }

  /** Ends it, and waits until it has ended; one that does not is killed. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || hasEnded(child)) return;
    const exit = once(child, "exit");
    child.kill(signal);
    const impatience = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs);
    await exit;
    clearTimeout(impatience);
  }

  async close(): Promise<void> {
    await this.end("SIGKILL");
    process.off("exit", this.#endWithUs);
  }

  log(): string {
    return readFileSync(this.#program.log, "utf8");
  }
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;
