/**
 * A PostgreSQL as a process of the demo: it ends when the demo ends. Told to die, it does so with all
 * its own processes at once, as when its machine stops; begun again, it has what is on disk.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readConfig, type ProcessMessage } from "../config.ts";
import { announce } from "../services/process.ts";

const ROOT = "/usr/lib/postgresql";
const USER = "postgres";

const { databases } = readConfig();
const own = databases[Number(process.argv[3] ?? 0)];
if (own === undefined) throw new Error("there is no such database in the configuration");
const { folder, port } = own;
const data = join(folder, "data");
const bin = binaries();
// It refuses to run as root, and then runs as its own user.
const as = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : {};

if (existsSync(folder)) await isGone();
else create();
const server = begin();
process.on("message", (message) => {
  if (message === "die") end();
});
process.once("disconnect", end);
process.once("SIGTERM", () => {
  server.off("exit", end);
  void once(server, "exit").then(() => process.exit(0));
  server.kill("SIGINT");
});
await isUp();
announce({ type: "ready" } satisfies ProcessMessage);

function create(): void {
  mkdirSync(folder);
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid);
  const options = ["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"];
  execFileSync(join(bin, "initdb"), ["--pgdata", data, ...options], { ...as, cwd: folder });
}

/** The life before is dead, and may still be on its way out: a new one would take it for a server. */
async function isGone(): Promise<void> {
  const lock = join(data, "postmaster.pid");
  if (!existsSync(lock)) return;
  const pid = readFileSync(lock, "utf8").split("\n")[0] ?? "";
  while (!["Z", undefined].includes(statOf(pid)?.state)) await delay(10);
  rmSync(lock);
}

function begin(): ChildProcess {
  // Without a socket file, which has a lock of its own that outlives a kill.
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=60",
    "shared_buffers=16MB",
  ];
  const options = settings.flatMap((setting) => ["-c", setting]);
  const args = ["-D", data, "-p", String(port), ...options];
  const child = spawn(join(bin, "postgres"), args, { ...as, cwd: folder, stdio: "inherit" });
  // Whatever it dies of, this process does too.
  child.once("exit", end);
  return child;
}

async function isUp(): Promise<void> {
  const args = ["-h", "127.0.0.1", "-p", String(port), "-t", "1", "-q"];
  for (;;) {
    const asked = spawn(join(bin, "pg_isready"), args, { stdio: "ignore" });
    const [code] = (await once(asked, "exit")) as [number | null];
    if (code === 0) return;
    await delay(20);
  }
}

/** The first process goes first, so that it starts no other one. */
function end(): void {
  const first = server.pid ?? 0;
  for (const pid of [first, ...childrenOf(first), process.pid]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It had ended already.
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && statOf(name)?.parent === parent)
    .map(Number);
}

/** Undefined: there is no such process. */
function statOf(pid: string): { readonly state: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets, and may have spaces and brackets in it.
    const [state = "", parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** Of the newest version that is installed. */
function binaries(): string {
  const versions = existsSync(ROOT) ? readdirSync(ROOT) : [];
  const found = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(ROOT, version, "bin"))
    .find((path) => existsSync(join(path, "initdb")));
  if (found === undefined) throw new Error("install PostgreSQL: `apt-get install postgresql`");
  return found;
}

function idOf(flag: string): number {
  return Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
}
