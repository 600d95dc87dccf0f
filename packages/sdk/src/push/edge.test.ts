import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const sources = new URL("../../../", import.meta.url);
const statement = /^(?:import|export)(?! type)[^;]*?from "([^"]+)"|^import "([^"]+)"/gm;

/** Every module that `file` brings at run time, with who asked for it. */
function walk(file: string, found: Map<string, string>): Map<string, string> {
  for (const [, from, bare] of readFileSync(file, "utf8").matchAll(statement)) {
    const name = from ?? bare ?? "";
    const path = pathOf(name, file);
    if (found.has(path)) continue;
    found.set(path, file);
    if (path.startsWith("/")) walk(path, found);
  }
  return found;
}

function pathOf(name: string, file: string): string {
  if (name.startsWith(".")) return join(dirname(file), name);
  const [, folder] = /^@perdure\/([a-z-]+)$/.exec(name) ?? [];
  return folder ? fileURLToPath(new URL(`${folder}/src/index.ts`, sources)) : name;
}

it("perdure/push needs nothing of Node, so that it runs at the edge", () => {
  const entry = fileURLToPath(new URL("index.ts", import.meta.url));
  const modules = [...walk(entry, new Map())];
  expect(modules.length).toBeGreaterThan(50);
  const outside = modules.filter(([name]) => !name.startsWith("/"));
  expect(outside.map(([name]) => name)).toEqual(["msgpackr"]);
});
