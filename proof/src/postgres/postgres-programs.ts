/** PostgreSQL's programs on this machine, and the user that they run as: it refuses root. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = "/usr/lib/postgresql";
export const USER = "postgres";

/** One of its programs, to its end; what it prints. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary(program), args, { ...owner(), cwd });
  return stdout;
}

/** One of its programs, until it is killed. */
export function begin(program: string, args: readonly string[], cwd: string): ChildProcess {
  return spawn(binary(program), args, { ...owner(), cwd, stdio: "ignore" });
}

/** The folder belongs to the user that the programs run as. */
export function giveAway(folder: string): void {
  const { uid, gid } = owner();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
}

function binary(program: string): string {
  const folder = folderOf();
  if (folder === undefined) {
    throw new Error("this needs PostgreSQL: install it with `apt-get install postgresql`");
  }
  return join(folder, program);
}

/** Of the newest version that is installed. */
function folderOf(): string | undefined {
  const versions = existsSync(ROOT) ? readdirSync(ROOT) : [];
  return versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(ROOT, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));
}

function owner(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => {
    return Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
  };
  return { uid: id("-u"), gid: id("-g") };
}
