/**
 * The processes of the demo. Each talks to this one over a channel that closes when this process
 * ends, however it ends; on that they exit by themselves, so none can be left behind.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const START_TIMEOUT_MS = 120_000;
const LEAVE_MS = 2_000;
const running = new Set<ChildProcess>();

/** Starts a TypeScript file as a process; what it prints is added to `logFile`. */
export function spawnScript(script: URL, args: readonly string[], logFile: string): ChildProcess {
  const log = openSync(logFile, "a");
  const file = fileURLToPath(script);
  const child = spawn(process.execPath, ["--conditions=perdure-source", file, ...args], {
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** The first message of a process says that it is up. */
export async function ready<Message>(child: ChildProcess): Promise<Message> {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  const script = child.spawnargs.at(2) ?? "";
  try {
    return await Promise.race([
      once(child, "message", { signal }).then(([message]) => message as Message),
      once(child, "exit", { signal }).then(([code, killedBy]) => {
        throw new Error(`${script} ended before it was up (${killedBy ?? `exit code ${code}`})`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}

/** Ends one process at once and waits until it is gone. Answers the signal it died of, if any. */
export async function kill(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
  return child.signalCode;
}

/** For a process that has others, which are to die with it: it does that itself, when told to. */
export async function die(child: ChildProcess): Promise<NodeJS.Signals | null> {
  const exit = once(child, "exit");
  if (child.connected) child.send("die");
  await exit;
  return child.signalCode;
}

/** Those who can hear that this process is leaving go by themselves. */
export async function killAll(): Promise<void> {
  const ends = [...running].map(async (child) => {
    const exit = once(child, "exit", { signal: AbortSignal.timeout(LEAVE_MS) });
    if (child.connected) child.disconnect();
    await exit.catch(() => kill(child));
  });
  await Promise.all(ends);
}
