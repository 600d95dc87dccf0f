/** Writes what the docs show of the server's tables: `docs/openapi.json`, the roles in `docs/SECURITY.md`. */
import { readFileSync, writeFileSync } from "node:fs";
import { apiDocument, rolesTable } from "@perdure/server";

const docs = (name: string): URL => new URL(`../docs/${name}`, import.meta.url);

writeFileSync(docs("openapi.json"), `${JSON.stringify(apiDocument(), null, 2)}\n`);

const security = readFileSync(docs("SECURITY.md"), "utf8");
const begin = "<!-- roles -->\n";
const end = "<!-- /roles -->";
const [before] = security.split(begin);
const [, after] = security.split(end);
writeFileSync(docs("SECURITY.md"), `${before}${begin}\n${rolesTable()}\n${end}${after}`);
