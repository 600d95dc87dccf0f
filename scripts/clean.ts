// Removes what builds and checks leave behind; `node_modules` stays.
import { globSync, rmSync } from "node:fs";

const leftovers = [...globSync("packages/*/dist"), ".cache", "coverage"];
for (const folder of leftovers) rmSync(folder, { recursive: true, force: true });
