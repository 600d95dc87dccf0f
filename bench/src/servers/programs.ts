/** Programs that a machine has or has not, and where peers' servers keep themselves. */
import { execFileSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** The file that `name` runs, looked for as a shell does; undefined: it is not installed. */
export function findProgram(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Debian keeps PostgreSQL's own programs off the path, a folder for each version. */
export function findPostgresFolder(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root) : [];
  const folders = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, "bin"));
  const initdb = findProgram("initdb");
  if (initdb !== undefined) folders.unshift(dirname(initdb));
  return folders.find((folder) => existsSync(join(folder, "initdb")));
}

/** The first number with a dot in what `program --version` prints. */
export function versionOf(program: string): string {
  const said = execFileSync(program, ["--version"], { encoding: "utf8" });
  return /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? said.trim();
}

/**
 * Lets other users through to `folder`, whose parents may be private to us: a server that refuses
 * to be root must reach its data. It reads nothing by that, it only passes.
 */
export function letThrough(folder: string): void {
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    const { mode, uid } = statSync(path);
    if ((mode & 0o001) === 0 && uid === process.getuid?.()) chmodSync(path, mode | 0o011);
  }
}
