/** The probe of code that runs in a process of its own. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import type { Latency } from "../latency.ts";
import type { Probe } from "./probe.ts";

export interface Ask {
  readonly id: number;
  readonly verb: "take" | "jobsDone" | "goTo" | "letGo" | "leave";
  readonly argument: number;
}

/** The answer to `id` 0 is that the worker is ready. */
export type Telling =
  | { readonly answers: number; readonly value?: unknown }
  | { readonly waiting: readonly string[] };

export class WorkerProcess implements Probe {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #onWaiting: (runId: string) => void = () => undefined;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (telling: Telling) => this.#hear(telling));
    child.on("exit", (code) => {
      for (const { reject } of this.#open.values()) {
        reject(new Error(`the worker's process has ended with ${String(code)}`));
      }
    });
  }

  static async start(url: string, runSlots = 10_000): Promise<WorkerProcess> {
    const file = new URL(`./worker-process${extname(import.meta.url)}`, import.meta.url);
    const worker = new WorkerProcess(fork(file, [url, String(runSlots)]));
    await worker.#answer(0);
    return worker;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async take(): Promise<Latency | undefined> {
    return (await this.#ask("take")) as Latency | undefined;
  }

  async jobsDone(count: number): Promise<void> {
    await this.#ask("jobsDone", count);
  }

  onWaiting(listener: (runId: string) => void): void {
    this.#onWaiting = listener;
  }

  async goTo(step: number): Promise<void> {
    await this.#ask("goTo", step);
  }

  async letGo(): Promise<void> {
    await this.#ask("letGo");
  }

  async close(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.send({ id: 0, verb: "leave", argument: 0 } satisfies Ask);
    await ended;
  }

  #ask(verb: Ask["verb"], argument = 0): Promise<unknown> {
    const ask: Ask = { id: ++this.#asked, verb, argument };
    const answer = this.#answer(ask.id);
    this.#child.send(ask);
    return answer;
  }

  #answer(id: number): Promise<unknown> {
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(id, answer);
    return answer.promise;
  }

  #hear(telling: Telling): void {
    if ("waiting" in telling) return telling.waiting.forEach((runId) => this.#onWaiting(runId));
    this.#open.get(telling.answers)?.resolve(telling.value);
    this.#open.delete(telling.answers);
  }
}
