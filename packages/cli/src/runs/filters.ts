/** The filters of lists, shared by `list`, `count`, `export` and `check`. */
import { isRunId, PerdureError, type RunId, type RunStatus } from "@perdure/kernel";
import type { Query } from "@perdure/store";
import type { Command } from "commander";
import { momentArgument, objectArgument } from "../arguments.ts";
import type { Context } from "../context.ts";
import { keyParts } from "./target.ts";

export interface Filters {
  readonly status?: string;
  readonly workflow?: string;
  readonly key?: string;
  readonly kind?: string;
  readonly parent?: string;
  readonly attributes?: string;
  readonly pinned?: string;
  readonly since?: string;
  readonly until?: string;
}

export type Filter = Omit<Query, "limit" | "cursor">;

const statuses: Readonly<Record<RunStatus, true>> = {
  open: true,
  paused: true,
  completed: true,
  failed: true,
  cancelled: true,
  terminated: true,
  timedOut: true,
  continued: true,
};

export function withFilters(command: Command): Command {
  return command
    .option("--status <list>", `any of ${Object.keys(statuses).join(", ")}`)
    .option("--workflow <name>", "runs of this workflow")
    .option("--key <key>", "runs under this business key: 7, object:cart/7")
    .option("--kind <kind>", "what the key is of (default: as the key says, or any)")
    .option("--parent <run>", "children of this run")
    .option("--attributes <json>", "runs whose search attributes have these values")
    .option("--pinned <version>", "runs that stay with this version of their code")
    .option("--since <moment>", "started after a date, or so long ago: 2h, 3d")
    .option("--until <moment>", "started before");
}

export async function filterOf(context: Context, filters: Filters): Promise<Filter> {
  const { status, workflow, key, kind, parent, attributes, pinned, since, until } = filters;
  const now = context.now();
  return {
    namespace: context.namespace,
    ...(status === undefined ? {} : { status: status.split(",").map(statusOf) }),
    ...(workflow === undefined ? {} : { workflow }),
    ...(key === undefined ? {} : { key: keyParts(key, kind).id }),
    ...(parent === undefined ? {} : { parent: parentOf(parent) }),
    ...(attributes === undefined
      ? {}
      : { attributes: await objectArgument(context, attributes, "--attributes") }),
    ...(pinned === undefined ? {} : { version: pinned }),
    ...(since === undefined ? {} : { startedAfter: momentArgument(since, now, "--since") }),
    ...(until === undefined ? {} : { startedBefore: momentArgument(until, now, "--until") }),
  };
}

/** A store finds keys by id; their kind is in the row. Undefined: any. */
export function kindOf({ key, kind }: Filters): string | undefined {
  if (kind !== undefined || key === undefined) return kind;
  const parts = keyParts(key);
  return parts.id === key ? undefined : parts.kind;
}

function statusOf(text: string): RunStatus {
  const status = text.trim();
  if (Object.hasOwn(statuses, status)) return status as RunStatus;
  const known = Object.keys(statuses).join(", ");
  throw new PerdureError("invalid-argument", `--status: "${status}" is none of ${known}.`);
}

function parentOf(text: string): RunId {
  if (isRunId(text)) return text;
  throw new PerdureError("invalid-argument", `--parent: "${text}" is no run id; give all of it.`);
}
