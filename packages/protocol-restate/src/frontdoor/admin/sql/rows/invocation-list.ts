/**
 * Which invocations a query is about. A run is one if its queue is Restate's, and so is a start that
 * waits: for its turn under a key, which only a key that a run holds has; or for its time.
 */
import type { WaitingStart } from "@perdure/engine";
import {
  isRunId,
  keyStream,
  limits,
  type KeyRef,
  type RunId,
  type RunRow,
  type RunStatus,
} from "@perdure/kernel";
import { isInvocationId, parseInvocationId } from "../../../../ids/invocation-id.ts";
import { RESTATE_QUEUE } from "../../../../projection/placement.ts";
import { lookFor, type Found } from "../../invocations/find.ts";
import { targetOf, workflowOf } from "../../invocations/target.ts";
import { passes, type Filter, type Filters } from "../filters.ts";
import type { Enough } from "../newest.ts";
import type { Source } from "./source.ts";

export type Listed =
  | { readonly type: "run"; readonly runId: RunId; readonly row: RunRow }
  | Extract<Found, { readonly type: "start" }>;

export async function listInvocations(source: Source): Promise<readonly Listed[]> {
  const { filters } = source;
  const ids = (filters["id"] ?? filters["invocation_id"])?.isOne;
  return ids === undefined ? listAll(source) : listByIds(source, ids);
}

async function listByIds(
  { desk, bounds }: Source,
  ids: ReadonlySet<string>,
): Promise<readonly Listed[]> {
  const found: Listed[] = [];
  for (const id of ids) {
    bounds.take("sqlInvocations");
    if (!isRunId(id) && !isInvocationId(id)) continue;
    const one = await lookFor(desk, isRunId(id) ? id : parseInvocationId(id));
    if (one?.type === "start") found.push(one);
    if (one?.type === "run" && one.view.row.queue === RESTATE_QUEUE) {
      found.push({ type: "run", runId: one.runId, row: one.view.row });
    }
  }
  return found;
}

async function listAll(source: Source): Promise<readonly Listed[]> {
  const { filters } = source;
  const wanted = statusesOf(filters["status"]);
  const rows = wanted.length === 0 ? [] : await rowsOf(source, wanted);
  const listed: Listed[] = rows.map((row) => ({ type: "run", runId: row.runId, row }));
  const status = filters["status"];
  const wantsPending = passes(status, "pending") || passes(status, "inboxed");
  const wantsScheduled = passes(status, "scheduled");
  // None of these is pinned yet.
  const isPinned = filters["pinned_deployment_id"]?.isOne !== undefined;
  if (isPinned || (!wantsPending && !wantsScheduled)) return listed;
  return [...listed, ...(await startsOf(source))];
}

/** What the index knows them by. */
function statusesOf(filter: Filter | undefined): readonly RunStatus[] {
  const isOpen = OPEN.some((status) => passes(filter, status));
  return [
    ...(isOpen ? (["open"] as const) : []),
    ...(passes(filter, "paused") ? (["paused"] as const) : []),
    ...(passes(filter, "completed") ? CLOSED : []),
  ];
}

const OPEN = ["ready", "running", "backing-off", "suspended", "scheduled", "invoked"];
const CLOSED: readonly RunStatus[] = [
  "completed",
  "failed",
  "cancelled",
  "terminated",
  "timedOut",
  "continued",
];

async function rowsOf(
  { desk, filters, bounds, enough }: Source,
  status: readonly RunStatus[],
): Promise<readonly RunRow[]> {
  const { engine, namespace } = desk;
  const key = only(filters["target_service_key"]);
  const version = only(filters["pinned_deployment_id"]);
  const rows: RunRow[] = [];
  for (const workflow of workflowsOf({ desk, filters })) {
    const own: RunRow[] = [];
    let cursor: string | undefined;
    do {
      const page = await engine.list({
        namespace,
        status,
        limit: limits.pageRows,
        ...(workflow === undefined ? {} : { workflow }),
        ...(key === undefined ? {} : { key }),
        ...(version === undefined ? {} : { version }),
        ...(cursor === undefined ? {} : { cursor }),
      });
      bounds.take("sqlInvocations", page.rows.length);
      own.push(...page.rows.filter((row) => isOurs(row, filters)));
      ({ cursor } = page);
    } while (cursor !== undefined && !isEnough(own, enough));
    rows.push(...own);
  }
  return rows;
}

/** What the index knows is looked at here already. */
function isOurs({ queue, workflow, key: id, keyKind: kind }: RunRow, filters: Filters): boolean {
  if (queue !== RESTATE_QUEUE) return false;
  const key = id === undefined || kind === undefined ? {} : { key: { kind, id } };
  const { target, service, handler, key: own } = targetOf({ workflow, ...key });
  return (
    passes(filters["target"], target) &&
    passes(filters["target_service_name"], service) &&
    passes(filters["target_handler_name"], handler) &&
    passes(filters["target_service_key"], own)
  );
}

/** The newest come first; of those of one moment none is left out. */
function isEnough(rows: readonly RunRow[], enough: Enough | undefined): boolean {
  if (enough === undefined || enough.count === 0) return false;
  const last = rows[enough.count - 1];
  if (last === undefined) return false;
  return !enough.isNewest || rows.at(-1)?.startedAt !== last.startedAt;
}

/** The workflows of the services that are asked for; undefined: any. */
function workflowsOf({ desk, filters }: Pick<Source, "desk" | "filters">) {
  const { catalog } = desk;
  const services = filters["target_service_name"]?.isOne ?? servicesIn(filters["target"]);
  if (services === undefined) return [undefined];
  const asked = filters["target_handler_name"]?.isOne;
  const names = [...services].map((service) => {
    const known = catalog.records
      .flatMap((record) => record.services)
      .filter(({ manifest }) => manifest.name === service)
      .flatMap(({ manifest }) => manifest.handlers.map(({ name }) => name));
    return [...(asked ?? known)].map((handler) => workflowOf(service, handler));
  });
  // Of a service that has no deployment any more nobody knows the handlers.
  if (names.some((of) => of.length === 0)) return [undefined];
  return [...new Set(names.flat())];
}

function servicesIn(target: Filter | undefined): ReadonlySet<string> | undefined {
  const targets = target?.isOne;
  return targets && new Set([...targets].map((text) => text.split("/", 1)[0] ?? ""));
}

function only(filter: Filter | undefined): string | undefined {
  const values = filter?.isOne;
  const [value] = values ?? [];
  return values?.size === 1 ? value : undefined;
}

/** Whatever handler holds a key, others of its service may wait for their turn. */
function holders({ desk, columns, bounds, filters }: Source): Source {
  const services = filters["target_service_name"]?.isOne ?? servicesIn(filters["target"]);
  const key = filters["target_service_key"];
  return {
    desk,
    columns,
    bounds,
    filters: {
      ...(services === undefined ? {} : { target_service_name: { isOne: services } }),
      ...(key === undefined ? {} : { target_service_key: key }),
    },
  };
}

/** Starts without a run, under the keys that open runs hold, and under those with delayed ones. */
async function startsOf(source: Source): Promise<readonly Listed[]> {
  const { desk, bounds } = source;
  const open = await rowsOf(holders(source), ["open", "paused"]);
  const keys = new Map<string, KeyRef>();
  const note = (key: KeyRef): void => void keys.set(keyStream(key), key);
  for (const { key: id, keyKind: kind } of open) {
    if (id !== undefined && kind !== undefined) note({ namespace: desk.namespace, kind, id });
  }
  for (const key of await desk.keys.delayed(desk.namespace)) note(key);
  const starts: Listed[] = [];
  for (const key of keys.values()) {
    bounds.take("sqlKeys");
    const { inbox, delayed } = await desk.keys.view(key);
    const add = (start: WaitingStart, place: number): void => {
      const { runId, queue } = start.spec;
      if (queue !== RESTATE_QUEUE) return;
      starts.push({ type: "start", runId, ...start, isDelayed: place === 0, place });
    };
    for (const [at, start] of inbox.entries()) add(start, at + 1);
    for (const start of delayed) add(start, 0);
    bounds.take("sqlInvocations", inbox.length + delayed.length);
  }
  return starts;
}
