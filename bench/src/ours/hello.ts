import { createRequire } from "node:module";
import type { Hello } from "../contender.ts";
import type { WorkloadKind } from "../workload.ts";

const { dependencies } = createRequire(import.meta.url)("../../package.json") as {
  readonly dependencies: { readonly perdure: string };
};

const all: Readonly<Record<WorkloadKind, true>> = {
  steps: true,
  "no-steps": true,
  "fan-out": true,
  increments: true,
  signals: true,
  "remote-steps": true,
  jobs: true,
  growth: true,
  "long-run": true,
  "step-runs": true,
};

export function hello(
  name: string,
  settings: string,
  without: Partial<Record<WorkloadKind, string>> = {},
): Hello {
  return {
    name,
    versions: { perdure: dependencies.perdure, sqlite: process.versions["sqlite"] ?? "none" },
    durability: "acknowledged when it is in SQLite's log and synced: WAL, synchronous=FULL",
    settings,
    workloads: { ...all, ...without },
  };
}
