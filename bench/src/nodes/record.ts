/** What the drill of nodes has measured, in `nodes.json` beside the results of the suite on PostgreSQL. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Suite } from "../results.ts";
import type { ClusterSize } from "./cluster.ts";

export const drillFile = "nodes.json";

export interface NodesRecord {
  readonly suite: Suite;
  readonly takeovers: readonly Takeover[];
  readonly idle: readonly Idle[];
}

export interface Takeover {
  /** From the death of a node until every call, wherever it leads, has been answered. */
  readonly answersMs: number;
  /** Until every run that it had in hand has come to its end elsewhere. */
  readonly finishedMs: number;
}

export interface Idle extends ClusterSize {
  readonly statementsPerSecond: number;
  readonly commitsPerSecond: number;
  readonly walBytesPerSecond: number;
  /** Of all nodes and databases. */
  readonly cpuMsPerSecond: number;
}

export function readNodes(folder: string): NodesRecord | undefined {
  const file = join(folder, drillFile);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as NodesRecord) : undefined;
}
