/** The demo's processes. They end with this one, however it ends: their channel closes. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const running = new Set<ChildProcess>();

export function spawnScript(script: URL, args: readonly string[]): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--conditions=perdure-source", fileURLToPath(script), ...args],
    {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    },
  );
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

export async function killAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exit = once(child, "exit");
      child.kill("SIGKILL");
      await exit;
    }),
  );
}
