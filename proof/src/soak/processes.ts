/** Child processes: started, asked, killed; none outlives this process. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const running = new Set<ChildProcess>();

export interface StartOptions {
  readonly nodeFlags?: readonly string[];
  /** Where it says what it has to say; default: to our own output. */
  readonly logFile?: string;
}

/** Starts a file of sources and waits for its first message. */
export async function start<Ready>(
  script: URL,
  args: readonly string[],
  { nodeFlags = [], logFile }: StartOptions = {},
): Promise<readonly [ChildProcess, Ready]> {
  const log = logFile === undefined ? undefined : openSync(logFile, "a");
  const child = fork(fileURLToPath(script), [...args], {
    execArgv: ["--conditions=perdure-source", ...nodeFlags],
    stdio: ["ignore", "ignore", log ?? "inherit", "ipc"],
  });
  if (log !== undefined) closeSync(log);
  running.add(child);
  child.once("exit", () => running.delete(child));
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(
      `${fileURLToPath(script)} ended with ${String(signal ?? code)} before it was up`,
    );
  });
  const [ready] = (await Promise.race([once(child, "message"), ended])) as [Ready];
  ended.catch(() => undefined);
  return [child, ready];
}

/** One question at a time; undefined: it is gone. */
export async function ask<Answer>(child: ChildProcess): Promise<Answer | undefined> {
  if (!child.connected || hasEnded(child)) return undefined;
  // A child is asked hundreds of times: nothing of a question may go on listening to it.
  const over = new AbortController();
  const { signal } = over;
  try {
    const answer = once(child, "message", { signal }).then(([message]) => message as Answer);
    const gone = once(child, "exit", { signal }).then(() => undefined);
    // One that has just ended cannot be told anything; that it has, it says by "exit".
    child.send("how are you?", () => undefined);
    return await Promise.race([answer, gone]);
  } finally {
    over.abort();
  }
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

export async function killAll(): Promise<void> {
  await Promise.all([...running].map((child) => kill(child)));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
