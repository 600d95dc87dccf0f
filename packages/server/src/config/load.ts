/**
 * Flags over environment over file over defaults. Everything that is wrong is said at once, each
 * with where it was said and what to write instead. Nothing that is read here is ever run.
 */
import { readFileSync } from "node:fs";
import { PerdureError, type Json, type JsonObject } from "@perdure/kernel";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";
import { configShape, contradictions, type Config, type ConfigInput } from "./config.ts";
import { leafName, leaves, type Leaf } from "./leaves.ts";
import { nearest } from "./nearest.ts";

export interface ConfigSources {
  /** JSON with comments. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags?: ConfigInput;
}

export type Source = "flag" | "environment" | "file" | "default";

export interface LoadedConfig {
  readonly config: Config;
  /** Where each setting comes from, by its dotted name; absent: a default. */
  readonly sources: Readonly<Record<string, Source>>;
  /** Environment variables that look like ours and are not. */
  readonly warnings: readonly string[];
}

/** Throws `invalid-argument` with every problem in `detail.problems`. */
export function loadConfig({ file, env = {}, flags = {} }: ConfigSources): LoadedConfig {
  const problems: string[] = [];
  const sources: Record<string, Source> = {};
  const given: Tree = {};
  if (file !== undefined) {
    merge(given, readConfigFile(file, problems), "file", sources);
  }
  merge(given, fromEnvironment(env, problems), "environment", sources);
  merge(given, flags as JsonObject, "flag", sources);
  secretsFromFiles(given, problems);
  const config = check(given, problems);
  if (config === undefined) throw refused(problems);
  return { config, sources, warnings: strangers(env) };
}

/** The checks alone, for a configuration that a program gives. */
export function checkConfig(input: ConfigInput): Config {
  const problems: string[] = [];
  const config = check(structuredClone(input) as Tree, problems);
  if (config === undefined) throw refused(problems);
  return config;
}

type Leafy = Exclude<Json, JsonObject>;
type Tree = { [name: string]: Leafy | Tree };

function check(given: Tree, problems: string[]): Config | undefined {
  const result = configShape.safeParse(given);
  for (const issue of result.error?.issues ?? []) {
    const at = issue.path.join(".");
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) problems.push(unknownKey([at, key].filter(Boolean).join(".")));
    } else problems.push(`${at}: ${issue.message}`);
  }
  if (!result.success) return undefined;
  const config = result.data as unknown as Config;
  problems.push(...contradictions(config));
  return problems.length === 0 ? config : undefined;
}

function readConfigFile(file: string, problems: string[]): JsonObject {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    problems.push(`the file ${file} cannot be read: ${(error as Error).message}`);
    return {};
  }
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true, disallowComments: false });
  for (const { error, offset } of errors) {
    const line = text.slice(0, offset).split("\n").length;
    problems.push(`${file}, line ${line}: ${printParseErrorCode(error)}`);
  }
  if (isTree(value)) return value;
  if (errors.length === 0) problems.push(`${file} must hold an object: { "port": 7373 }`);
  return {};
}

function fromEnvironment(env: NonNullable<ConfigSources["env"]>, problems: string[]): JsonObject {
  const tree: Tree = {};
  for (const leaf of leaves) {
    const text = env[leaf.env];
    if (text !== undefined && text !== "") put(tree, leaf.path, valueOf(leaf, text, problems));
    const file = leaf.inFile ? env[`${leaf.env}_FILE`] : undefined;
    if (file !== undefined && file !== "") put(tree, fileOf(leaf.path), file);
  }
  return tree;
}

function valueOf({ kind, env }: Leaf, text: string, problems: string[]): Json {
  if (kind === "text") return text;
  if (kind === "list") return text.split(",").map((word) => word.trim());
  try {
    return JSON.parse(text) as Json;
  } catch {
    problems.push(`${env}: "${text.slice(0, 80)}" is not a ${kind}`);
    return text;
  }
}

function merge(
  tree: Tree,
  from: JsonObject,
  source: Source,
  sources: Record<string, Source>,
  path: readonly string[] = [],
): void {
  for (const [name, value] of Object.entries(from)) {
    if (value === undefined || name === "__proto__") continue;
    const here = [...path, name];
    const inner = tree[name];
    if (isTree(value) && !leaves.some((leaf) => leafName(leaf) === here.join("."))) {
      const into: Tree = isTree(inner) ? inner : {};
      tree[name] = into;
      merge(into, value, source, sources, here);
    } else {
      tree[name] = value;
      sources[here.join(".").replace(/File$/, (end) => (isSecretFile(here) ? "" : end))] = source;
    }
  }
}

function isSecretFile(path: readonly string[]): boolean {
  const text = path.join(".");
  return leaves.some(
    (leaf) => leaf.inFile && leafName({ ...leaf, path: fileOf(leaf.path) }) === text,
  );
}

/** `adminKeyFile` beside `adminKey`: the file's text without the line's end. */
function secretsFromFiles(tree: Tree, problems: string[]): void {
  for (const { path, inFile } of leaves) {
    if (!inFile) continue;
    const parent = path
      .slice(0, -1)
      .reduce<Leafy | Tree | undefined>((at, name) => (isTree(at) ? at[name] : undefined), tree);
    const name = `${path.at(-1)}File`;
    if (!isTree(parent) || !(name in parent)) continue;
    const file = parent[name];
    delete parent[name];
    if (typeof file !== "string") {
      problems.push(`${path.join(".")}File: must be the name of a file`);
      continue;
    }
    try {
      parent[path.at(-1) ?? ""] = readFileSync(file, "utf8").trim();
    } catch (error) {
      problems.push(`${path.join(".")}File: ${(error as Error).message}`);
    }
  }
}

function put(tree: Tree, path: readonly string[], value: Json): void {
  const [first = "", ...rest] = path;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const inner = tree[first];
  const into: Tree = isTree(inner) ? inner : {};
  tree[first] = into;
  put(into, rest, value);
}

function fileOf(path: readonly string[]): readonly string[] {
  return [...path.slice(0, -1), `${path.at(-1)}File`];
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unknownKey(name: string): string {
  const close = nearest(name, leaves.map(leafName));
  return `${name}: there is no such setting${close === undefined ? "" : `; did you mean ${close}?`}`;
}

/** Others' programs may read `PERDURE_…` too, so these are told and not refused. */
function strangers(env: NonNullable<ConfigSources["env"]>): readonly string[] {
  const known = new Set(leaves.flatMap((leaf) => [leaf.env, `${leaf.env}_FILE`]));
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith("PERDURE_") || known.has(name)) continue;
    const close = nearest(name, [...known]);
    if (close !== undefined) warnings.push(`${name} sets nothing; did you mean ${close}?`);
  }
  return warnings;
}

function refused(problems: readonly string[]): PerdureError {
  const text = `The configuration has ${problems.length} problem${problems.length === 1 ? "" : "s"}:`;
  const lines = problems.map((problem) => `\n  - ${problem}`).join("");
  return new PerdureError("invalid-argument", text + lines, { detail: { problems } });
}
