/** What is in `deploy/` and in the docs about it: files, the commands in them, and the variables. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export const root: string = join(import.meta.dirname, "../../../..");

export function textOf(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** The documents of a YAML file; its author's mistakes are errors. */
export function documentsOf(file: string): unknown[] {
  return parseAllDocuments(textOf(file), { merge: true }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw new Error(`${file}: ${problem.message}`);
    return document.toJS() as unknown;
  });
}

export const files: readonly string[] = globSync("deploy/**/*", { cwd: root })
  .filter((file) => /\.(ya?ml|jsonc|service|sh|conf)$|Dockerfile$/.test(file))
  .toSorted();

export const pages: readonly string[] = globSync(
  ["docs/postgresql.md", "docs/runbook/postgresql.md", "deploy/README.md"],
  { cwd: root },
).toSorted();

/** Each `perdure …` that a person pastes or a unit starts, without what a shell does around it. */
export function commandsIn(text: string): string[] {
  return text
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.replace(/^\s*(#|\/\/|\$|>|-)?\s*/, "").replace(/^ExecStart=\S*\//, ""))
    .flatMap((line) => line.match(/(?:^|(?<!-n|generic)[`($ ])perdure [a-z-][^`|)#>;]*/g) ?? [])
    .map((found) => found.replace(/^[`($ ]+/, "").trim());
}

/** The code of a page, in blocks and in lines, where commands are written to be pasted. */
export function codeOf(page: string): string {
  const blocks = [...page.matchAll(/^```(?:sh|console)?\n(.*?)^```$/gms)];
  const lines = [...page.replaceAll(/^```.*?^```$/gms, "").matchAll(/`([^`\n]+)`/g)];
  return [...blocks, ...lines].map(([, code]) => code ?? "").join("\n");
}

export function variablesIn(text: string): string[] {
  return [...new Set(text.match(/\bPERDURE_[A-Z_]+\b/g))].toSorted();
}
