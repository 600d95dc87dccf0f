/** The versions of what is really loaded, not of what `package.json` asks for. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export function versions(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, installedVersion(name)]));
}

const modules = join(dirname(import.meta.dirname), "node_modules");

function installedVersion(name: string): string {
  const file = join(modules, name, "package.json");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { readonly version: string };
  return version;
}
