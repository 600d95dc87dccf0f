import { createRequire } from "node:module";
import type { Hello } from "../contender.ts";
import {
  installPostgres,
  postgresDurability,
  postgresSettings,
  postgresVersion,
} from "../servers/postgres.ts";
import { hello } from "./hello.ts";

const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: { readonly perdure: string };
};

/** Of a contender of ours that is on PostgreSQL. */
export function helloOnPostgres(
  name: string,
  settings: string,
  workloads: Hello["workloads"],
): Hello {
  const postgres = postgresVersion();
  return {
    name,
    versions: { perdure: dependencies.perdure, postgres: postgres ?? "missing" },
    durability: postgresDurability,
    settings: `${settings}; ${postgresSettings}`,
    workloads,
    ...(postgres === undefined ? { missing: installPostgres } : {}),
  };
}

/** What is measured, and for all else a reason. */
export function only(measured: readonly string[], reason: string): Hello["workloads"] {
  const { workloads } = hello("", "");
  const entries = Object.keys(workloads).map((kind) => [
    kind,
    measured.includes(kind) ? true : reason,
  ]);
  return Object.fromEntries(entries) as Hello["workloads"];
}
