/**
 * A server that a contender starts for itself.
 *
 * 1. It ends with the contender: in good order by `stop`, at once when this process exits.
 * 2. It never becomes a background process, so that its tree can be found below ours.
 */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

export interface ServerProcess {
  readonly pid: number;
  stop(signal: NodeJS.Signals): Promise<void>;
}

interface Start {
  readonly program: string;
  readonly args: readonly string[];
  /** What it prints goes here, and is shown when it does not start. */
  readonly log: string;
  /** Whether it takes requests; throwing counts as no. */
  readonly isReady: () => Promise<boolean>;
  readonly options?: SpawnOptions;
}

const startDeadlineMs = 60_000;
const askEveryMs = 20;

export async function startServer(start: Start): Promise<ServerProcess> {
  const log = openSync(start.log, "a");
  const child = spawn(start.program, start.args, {
    ...start.options,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const kill = () => void child.kill("SIGKILL");
  process.on("exit", kill);
  try {
    await becomesReady(child, start);
  } catch (error) {
    kill();
    throw error;
  }
  return {
    pid: pidOf(child),
    stop: async (signal) => {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    },
  };
}

async function becomesReady(child: ChildProcess, start: Start): Promise<void> {
  const state: { error?: Error } = {};
  child.once("error", (error) => (state.error = error));
  const deadline = performance.now() + startDeadlineMs;
  while (!(await start.isReady().catch(() => false))) {
    if (state.error) throw state.error;
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() > deadline) {
      throw new Error(`${start.program} did not start:\n${readFileSync(start.log, "utf8")}`);
    }
    await sleep(askEveryMs);
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("a process that takes requests has a pid");
  return child.pid;
}
