/**
 * A user's file as a worker in a child process, started again when it or what it imports changes.
 *
 * D1  At most one child is there; the next starts when the one before has ended.
 * D2  A file that cannot be loaded ends its child, and the next change starts another.
 * D3  A child that does not leave within its time is killed.
 */
import { fork, type ChildProcess } from "node:child_process";
import { extname, resolve } from "node:path";
import { createInterface } from "node:readline";
import { watch, type FSWatcher } from "chokidar";
import type { WorkerWord } from "./worker-process.ts";

export interface DevWorkerParts {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tell: (event: DevEvent) => void;
}

export type DevEvent =
  | { readonly type: "output"; readonly line: string }
  | { readonly type: "serves"; readonly names: readonly string[] }
  | { readonly type: "changed"; readonly file: string }
  | { readonly type: "ended"; readonly how: string };

const LEAVE_MS = 3_000;
/** Editors write a file in several steps. */
const SETTLE_MS = 80;

/** Frames of a stack that are no code of the user's. */
const NODES_OWN = /^\s+at .*\(?node:internal\//;

export class DevWorker {
  readonly #parts: DevWorkerParts;
  readonly #watcher: FSWatcher;
  readonly #watched = new Set<string>();
  #child: ChildProcess | undefined;
  #settling: NodeJS.Timeout | undefined;
  /** Restarts and the end, one after another (D1). */
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: DevWorkerParts) {
    this.#parts = parts;
    this.#watcher = watch([], { ignoreInitial: true });
    this.#watcher.on("all", (_, path) => this.#changed(path));
    this.#watch(resolve(parts.file));
    this.#start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#settling);
    await this.#watcher.close();
    await this.#turn;
    await this.#end();
  }

  #changed(path: string): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#parts.tell({ type: "changed", file: path });
      this.#turn = this.#turn.then(() => this.#restart());
    }, SETTLE_MS);
  }

  async #restart(): Promise<void> {
    await this.#end();
    if (!this.#isStopped) this.#start();
  }

  #watch(file: string): void {
    if (this.#watched.has(file)) return;
    this.#watched.add(file);
    this.#watcher.add(file);
  }

  #start(): void {
    const { file, env, tell } = this.#parts;
    const url = new URL(`./worker-process${extname(import.meta.url)}`, import.meta.url);
    const child = fork(url, [file], {
      env,
      execArgv: [...process.execArgv, "--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on("line", (line) => {
        if (!NODES_OWN.test(line)) tell({ type: "output", line });
      });
    }
    child.on("message", (word: WorkerWord) => {
      if (word.type === "loads") this.#watch(word.file);
      else tell(word);
    });
    child.on("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      if (!this.#isStopped) tell({ type: "ended", how: signal ?? `exit code ${code}` });
    });
  }

  /** Resolves when no child is left. */
  async #end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((done) => child.once("exit", () => done()));
    const late = setTimeout(() => child.kill("SIGKILL"), LEAVE_MS);
    child.kill("SIGTERM");
    await gone;
    clearTimeout(late);
  }
}
