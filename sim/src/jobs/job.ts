/** One process that works for this one, with at most one piece at a time. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Kind, Pieces } from "./pieces.ts";

/**
 * Seeds make much garbage that dies young, and run most of their code a few times only: together
 * that is a fifth of their CPU time.
 */
const fast = ["--max-semi-space-size=64", "--always-sparkplug"];

/** To the process. */
export interface Asked<K extends Kind = Kind> {
  readonly kind: K;
  readonly asked: Pieces[K]["asked"];
}

/** From it. `cpuMs`: CPU time of the process so far. */
export type Answered<K extends Kind = Kind> = { readonly cpuMs: number } & (
  | { readonly answer: Pieces[K]["answer"] }
  | { readonly error: string }
);

export class Job {
  readonly #child: ChildProcess;
  #waiting: PromiseWithResolvers<Answered> | undefined;
  #cpuMs = 0;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./job-process.ts", import.meta.url)), {
      execArgv: ["--conditions=perdure-source", ...fast],
      serialization: "advanced",
    });
    this.#child.on("message", (answered: Answered) => this.#waiting?.resolve(answered));
    this.#child.on("error", (error) => this.#waiting?.reject(error));
    this.#child.on("exit", (code, signal) => {
      this.#waiting?.reject(new Error(`a process of the simulator ended (${signal ?? code})`));
    });
  }

  get cpuMs(): number {
    return this.#cpuMs;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Rejects where the work fails, and where the process ends in the middle of it. */
  async work<K extends Kind>(kind: K, asked: Pieces[K]["asked"]): Promise<Pieces[K]["answer"]> {
    this.#waiting = Promise.withResolvers<Answered>();
    const message: Asked<K> = { kind, asked };
    this.#child.send(message, (error) => {
      if (error !== null) this.#waiting?.reject(error);
    });
    const answered = (await this.#waiting.promise) as Answered<K>;
    this.#cpuMs = answered.cpuMs;
    if ("error" in answered) throw new Error(answered.error);
    return answered.answer;
  }

  end(): void {
    this.#child.kill();
  }
}
