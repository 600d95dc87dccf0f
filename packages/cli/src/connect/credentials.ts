/**
 * API keys that a person has given once: `~/.config/perdure/credentials.json`, one per server, readable
 * by its owner only. `perdure login` and `perdure dev` write it.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { PerdureError, type Json } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import type { Environment } from "../context.ts";

type Keys = Readonly<Record<string, string>>;

export function storedKey(env: Environment, url: string): string | undefined {
  const keys = read(credentialsPath(env));
  return Object.hasOwn(keys, originOf(url)) ? keys[originOf(url)] : undefined;
}

/** Undefined: forgets the server's key. */
export function storeKey(env: Environment, url: string, apiKey: string | undefined): string {
  const path = credentialsPath(env);
  const { [originOf(url)]: _, ...others } = read(path);
  const servers = apiKey === undefined ? others : { ...others, [originOf(url)]: apiKey };
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify({ servers }, undefined, 2)}\n`, { mode: 0o600 });
  // The mode above is for a new file only, and is masked.
  chmodSync(draft, 0o600);
  renameSync(draft, path);
  return path;
}

export function credentialsPath(env: Environment): string {
  const config = env["XDG_CONFIG_HOME"] ?? join(env["HOME"] ?? homedir(), ".config");
  return join(config, "perdure", "credentials.json");
}

function read(path: string): Keys {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return {};
  }
  const servers = fieldsOf(fieldsOf(parseJson(text, path))["servers"] ?? null);
  const entries = Object.entries(servers);
  if (entries.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    return Object.fromEntries(entries);
  }
  const error = `${path} is not as perdure login writes it: remove it and log in again.`;
  throw new PerdureError("invalid-argument", error);
}

function fieldsOf(json: Json): Readonly<Record<string, Json>> {
  return typeof json === "object" && json !== null && !Array.isArray(json)
    ? (json as Readonly<Record<string, Json>>)
    : {};
}

function originOf(url: string): string {
  const { origin, pathname } = URL.parse(url) ?? { origin: url, pathname: "" };
  return origin + pathname.replace(/\/+$/, "");
}
