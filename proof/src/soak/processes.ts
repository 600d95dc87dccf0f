/** Child processes: started, asked, killed; none outlives this process. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const running = new Set<ChildProcess>();

/** Starts a file of sources and waits for its first message. What it says goes to our own output. */
export async function start<Ready>(
  script: URL,
  args: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<readonly [ChildProcess, Ready]> {
  const child = fork(fileURLToPath(script), [...args], {
    execArgv: ["--conditions=perdure-source", ...nodeFlags],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
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
  if (!child.connected) return undefined;
  const answer = once(child, "message").then(([message]) => message as Answer);
  const gone = once(child, "exit").then(() => undefined);
  child.send("how are you?");
  return Promise.race([answer, gone]);
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  await gone;
}

export async function killAll(): Promise<void> {
  await Promise.all([...running].map((child) => kill(child)));
}
