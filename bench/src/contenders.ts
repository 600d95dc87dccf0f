/** Who can be measured: our own contenders, and the peers when they are installed. */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const here = import.meta.dirname;

export const peersFolder: string = join(here, "../peers");

export const arePeersInstalled = (): boolean => existsSync(join(peersFolder, "node_modules"));

/** Modules by the contender's name. */
export function ourContenders(): Map<string, string> {
  return modulesIn(join(here, "contenders"));
}

/** Ours on PostgreSQL, which have a suite of their own. */
export function oursOnPostgres(): Map<string, string> {
  return modulesIn(join(here, "contenders/postgres"));
}

export function peers(): Map<string, string> {
  return modulesIn(join(peersFolder, "contenders"));
}

function modulesIn(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const names = files.map((file) => basename(file, ".ts")).toSorted();
  return new Map(names.map((name) => [name, join(folder, `${name}.ts`)]));
}
