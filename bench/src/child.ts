/** A contender in a process of its own, seen from the harness. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { extname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Reply, Request } from "./contender-process.ts";
import type {
  Budget,
  DatabaseCounters,
  Figures,
  Hello,
  Memory,
  NamedProcess,
  Place,
} from "./contender.ts";
import { treeOf } from "./processes.ts";
import type { Workload } from "./workload.ts";

const closeMs = 15_000;
const tidyMs = 5_000;

/** To compile sources anew in each process would take most of its start. */
const compiled = join(import.meta.dirname, "../../node_modules/.cache/perdure-bench");

export class Child {
  readonly #process: ChildProcess;
  readonly #errors: string[] = [];
  #answer: PromiseWithResolvers<unknown> | undefined;

  constructor(module: string) {
    const file = new URL(`./contender-process${extname(import.meta.url)}`, import.meta.url);
    this.#process = fork(file, [module], {
      execArgv: ["--conditions=perdure-source", "--expose-gc"],
      // As in production: in development Perdure watches workflow code, and others do the like.
      env: { ...process.env, NODE_ENV: "production", NODE_COMPILE_CACHE: compiled },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#process.stderr?.on("data", (chunk: Buffer) => {
      if (this.#errors.length < 100) this.#errors.push(chunk.toString());
    });
    this.#process.on("message", (reply: Reply) => {
      if ("value" in reply) this.#answer?.resolve(reply.value);
      else this.#answer?.reject(new Error([reply.error, ...this.#errors].join("\n")));
    });
    this.#process.on("exit", (code, signal) => {
      const why = `the contender's process has ended: ${signal ?? code}`;
      this.#answer?.reject(new Error([why, ...this.#errors].join("\n")));
    });
  }

  hello = (): Promise<Hello> => this.#ask({ verb: "hello" }) as Promise<Hello>;

  open = (place: Place): Promise<unknown> => this.#ask({ verb: "open", place });

  prepare = (workload: Workload): Promise<unknown> => this.#ask({ verb: "prepare", workload });

  run(phase: string, budget: Budget): Promise<Figures> {
    return this.#ask({ verb: "run", phase, budget }) as Promise<Figures>;
  }

  processes(): Promise<readonly NamedProcess[]> {
    return this.#ask({ verb: "processes" }) as Promise<readonly NamedProcess[]>;
  }

  storeBytes = (): Promise<number> => this.#ask({ verb: "storeBytes" }) as Promise<number>;

  /** Null: it has none. */
  database(): Promise<DatabaseCounters | null> {
    return this.#ask({ verb: "database" }) as Promise<DatabaseCounters | null>;
  }

  /** Null: it cannot say. */
  memory(): Promise<Memory | null> {
    return this.#ask({ verb: "memory" }) as Promise<Memory | null>;
  }

  /** Lets it end what it has started; what does not end in time is killed. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    const patience = (): Promise<unknown> => setTimeout(closeMs, undefined, { ref: false });
    try {
      await Promise.race([this.#ask({ verb: "close" }), patience()]);
    } finally {
      if (this.#process.connected) this.#process.disconnect();
      await Promise.race([ended, patience()]);
      this.#killTree();
    }
  }

  /** Ends all its processes, as a power cut does. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#killTree();
    await ended;
  }

  /** Ends it without asking; the servers that it started may still put away what they share. */
  async abandon(): Promise<void> {
    const [root, ...others] = this.#tree();
    if (root === undefined) return;
    const ended = once(this.#process, "exit");
    sendAll([root], "SIGKILL");
    sendAll(others, "SIGTERM");
    await ended;
    const deadline = performance.now() + tidyMs;
    while (sendAll(others, 0) && performance.now() < deadline) await setTimeout(20);
    sendAll(others, "SIGKILL");
  }

  #killTree(): void {
    sendAll(this.#tree(), "SIGKILL");
  }

  /** Nothing when it has ended. */
  #tree(): number[] {
    const { pid, exitCode, signalCode } = this.#process;
    return pid === undefined || exitCode !== null || signalCode !== null ? [] : treeOf(pid);
  }

  async #ask(request: Request): Promise<unknown> {
    const answer = (this.#answer = Promise.withResolvers<unknown>());
    this.#process.send(request);
    return answer.promise;
  }
}

/** Whether one of them is still there. */
function sendAll(pids: readonly number[], name: NodeJS.Signals | 0): boolean {
  let some = false;
  for (const pid of pids) {
    try {
      some = process.kill(pid, name) || some;
    } catch {
      // It has ended meanwhile.
    }
  }
  return some;
}
