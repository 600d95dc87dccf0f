/**
 * `sys_invocation`, `sys_invocation_status` and `sys_invocation_state`: one row for each invocation.
 *
 * I1  What the index says of a run costs nothing more; its journal is read only where a column needs
 *     it. Of a closed run, attempts are a matter of its journal's notes, and null here.
 * I2  Of a paused run all is said that was said of it before.
 */
import {
  PerdureError,
  slotOfRun,
  timeOfRun,
  type RunEvent,
  type RunId,
  type RunRow,
  type RunSpec,
} from "@perdure/kernel";
import { invocationId, isInvocationId, parseInvocationId } from "../../../../ids/invocation-id.ts";
import { attemptsOf, relatedOf, restateNumberOf, wordsOf } from "../../invocations/attempts.ts";
import { entriesOf, type Entry } from "../../invocations/entries.ts";
import { endedBy } from "../../invocations/ending.ts";
import { targetOf } from "../../invocations/target.ts";
import { passes } from "../filters.ts";
import type { Row } from "../tables.ts";
import { listInvocations, type Listed } from "./invocation-list.ts";
import { time, timeIf, type Source } from "./source.ts";

/** These take more than the index has. */
const FROM_JOURNAL = new Set(
  (
    "invoked_by invoked_by_id invoked_by_service_name invoked_by_target restarted_from journal_size " +
    "journal_commands_size scheduled_at scheduled_start_at completion_retention " +
    "journal_retention suspended_waiting_for_completions suspended_waiting_for_signals " +
    "completion_failure"
  ).split(" "),
);
const FROM_ATTEMPTS = new Set(
  (
    "retry_count last_start_at next_retry_at last_attempt_deployment_id last_attempt_server " +
    "last_failure last_failure_error_code last_failure_related_command_index " +
    "last_failure_related_command_name last_failure_related_command_type " +
    "last_failure_related_entry_index last_failure_related_entry_name " +
    "last_failure_related_entry_type in_flight"
  ).split(" "),
);

export type View = "sys_invocation" | "sys_invocation_status" | "sys_invocation_state";

export async function invocationRows(view: View, source: Source): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const listed of await listInvocations(source)) {
    if (view === "sys_invocation_state" && (listed.type === "start" || isClosed(listed.row)))
      continue;
    const light = listed.type === "run" ? ofRow(source, listed.row) : ofStart(listed, view);
    if (isOut(source, light)) continue;
    rows.push(listed.type === "run" ? await ofRun(view, source, listed.row, light) : light);
  }
  return rows;
}

/** Columns that the index fills; what is filtered by others is left to SQLite. */
function isOut({ filters }: Source, light: Row): boolean {
  const known = ["target", "target_service_name", "target_service_key", "target_handler_name"];
  return known.some((column) => {
    const value = light[column];
    return !passes(filters[column], typeof value === "string" ? value : undefined);
  });
}

function isClosed({ status }: RunRow): boolean {
  return status !== "open" && status !== "paused";
}

function ofTarget(called: Parameters<typeof targetOf>[0]): Row {
  const { target, service, key, handler, type } = targetOf(called);
  return {
    target,
    target_service_name: service,
    target_service_key: key,
    target_handler_name: handler,
    target_service_ty: type,
  };
}

function ofRow({ desk }: Source, row: RunRow): Row {
  const { runId, workflow, key: id, keyKind: kind, startedAt, closedAt, version, status } = row;
  const key = id === undefined || kind === undefined ? {} : { key: { kind, id } };
  const deployment = version === undefined ? undefined : desk.catalog.deployment(version);
  const { idempotencyKey } = row.attributes;
  return {
    partition_key: slotOfRun(runId),
    id: invocationId(runId),
    ...ofTarget({ workflow, ...key }),
    idempotency_key: typeof idempotencyKey === "string" ? idempotencyKey : undefined,
    pinned_deployment_id: version,
    pinned_service_protocol_version: deployment?.protocolVersion,
    created_at: time(startedAt),
    running_at: time(startedAt),
    modified_at: timeIf(closedAt),
    completed_at: timeIf(closedAt),
    status: status === "paused" ? "paused" : "completed",
    completion_result: isClosed(row) ? (status === "completed" ? "success" : "failure") : undefined,
  };
}

function ofStart(listed: Extract<Listed, { type: "start" }>, view: View): Row {
  const { runId, spec, isDelayed, since } = listed;
  const createdAt = time(since ?? timeOfRun(runId));
  const { idempotencyKey } = spec.attributes ?? {};
  return {
    partition_key: slotOfRun(runId),
    id: invocationId(runId),
    ...ofTarget(spec),
    ...ofSpec(spec),
    idempotency_key: typeof idempotencyKey === "string" ? idempotencyKey : undefined,
    created_at: createdAt,
    modified_at: createdAt,
    ...(isDelayed
      ? { scheduled_at: createdAt, scheduled_start_at: timeIf(spec.startAt), status: "scheduled" }
      : {
          inboxed_at: createdAt,
          status: view === "sys_invocation_status" ? "inboxed" : "pending",
          journal_size: 1,
          journal_commands_size: 1,
        }),
  };
}

function ofSpec(spec: RunSpec): Row {
  const { retentionMs, startAt } = spec;
  const caller = callerOf(spec);
  const kept = retentionMs === undefined ? undefined : `PT${retentionMs / 1_000}S`;
  return {
    invoked_by: caller === undefined ? "ingress" : "service",
    invoked_by_id: caller && invocationId(caller),
    scheduled_start_at: timeIf(startAt),
    completion_retention: kept,
    journal_retention: kept,
  };
}

async function ofRun(view: View, source: Source, row: RunRow, light: Row): Promise<Row> {
  const { columns } = source;
  const isOver = isClosed(row);
  const needs = (names: ReadonlySet<string>): boolean =>
    [...names].some((name) => columns.has(name));
  const needsStatus = row.status === "open" && columns.has("status");
  // The last thing that happened to a closed one is its end.
  const needsAttempts = !isOver && (needs(FROM_ATTEMPTS) || columns.has("modified_at"));
  if (!needs(FROM_JOURNAL) && !needsStatus && !needsAttempts) return light;
  const status = needsStatus || needsAttempts ? await statusOf(source, row) : undefined;
  const known = status === undefined ? light : { ...light, status: named(view, status) };
  if (!needs(FROM_JOURNAL) && !needsAttempts) return known;
  source.bounds.take("sqlJournals");
  const events = await journalOf(source, row);
  return {
    ...known,
    ...ofJournal(row, events, source),
    ...(await ofCaller(source, events)),
    ...(isOver ? {} : ofAttempts(source, row, events, status === "running")),
  };
}

/** Forgotten meanwhile: it has no events. */
export async function journalOf(
  { desk, bounds }: Source,
  { runId, events }: Pick<RunRow, "runId" | "events">,
): Promise<readonly RunEvent[]> {
  bounds.take("sqlJournalEvents", events);
  try {
    return await desk.engine.journal(runId);
  } catch (error) {
    if (error instanceof PerdureError && error.code === "not-found") return [];
    throw error;
  }
}

type Status = "scheduled" | "ready" | "running" | "backing-off" | "suspended" | "paused";

/** What an open run is at: nothing of it is in the index. */
async function statusOf({ desk }: Source, { runId, status }: RunRow): Promise<Status> {
  if (status === "paused") return "paused";
  const { waiting } = await desk.engine.why(runId);
  const [first] = waiting;
  if (first?.on === "start") return "scheduled";
  if (first?.on === "retry") return "backing-off";
  if (first?.on === "worker") return first.holder === undefined ? "ready" : "running";
  if (first?.on === "step" && first.holder !== undefined) return "running";
  return first?.on === "store" ? "ready" : "suspended";
}

function named(view: View, status: Status): string {
  if (view !== "sys_invocation_status") return status;
  return status === "ready" || status === "running" || status === "backing-off"
    ? "invoked"
    : status;
}

function ofJournal(row: RunRow, events: readonly RunEvent[], { desk }: Source): Row {
  const entries = entriesOf(events);
  const spec = specIn(events);
  const forked = events.find((event) => event.kind === "run.forked");
  const startAt = spec?.startAt;
  const isWaiting = startAt !== undefined && startAt > desk.env.now() && !isClosed(row);
  return {
    ...(spec === undefined ? {} : ofSpec(spec)),
    ...restarted(
      forked === undefined ? row.attributes["restartedFrom"] : invocationId(forked.from),
    ),
    scheduled_at: isWaiting ? time(row.startedAt) : undefined,
    journal_size: entries.length,
    journal_commands_size: entries.filter(({ type }) => type.startsWith("Command")).length,
    modified_at: time(events.at(-1)?.at ?? row.startedAt),
    completion_failure: endedBy(events),
    ...awaited(entries, isClosed(row)),
  };
}

/** Who called it and waits for it, or who sent it and does not. */
function callerOf({ parent, attributes }: RunSpec): RunId | undefined {
  const sender = attributes?.["invokedBy"];
  if (parent !== undefined) return parent.runId;
  return typeof sender === "string" && isInvocationId(sender)
    ? parseInvocationId(sender)
    : undefined;
}

function restarted(from: unknown): Row {
  return typeof from === "string" ? { invoked_by: "restart_as_new", restarted_from: from } : {};
}

function specIn(events: readonly RunEvent[]): RunSpec | undefined {
  const own = events.findLast(({ kind }) => kind === "run.forked" || kind === "run.started");
  return own !== undefined && "spec" in own && own.kind !== "step.scheduled" ? own.spec : undefined;
}

function awaited(entries: readonly Entry[], isOver: boolean): Row {
  const ids = entries
    .filter(({ isCompleted }) => isCompleted === false)
    .map(({ detail }) => detail["result_completion_id"] ?? detail["completion_id"])
    .filter((id) => typeof id === "number");
  if (isOver || ids.length === 0) return {};
  return { suspended_waiting_for_completions: JSON.stringify(ids) };
}

async function ofCaller({ desk, columns }: Source, events: readonly RunEvent[]): Promise<Row> {
  const spec = specIn(events);
  const caller = spec && callerOf(spec);
  const isAsked = columns.has("invoked_by_target") || columns.has("invoked_by_service_name");
  if (caller === undefined || !isAsked) return {};
  try {
    const { target, service } = targetOf((await desk.engine.describe(caller)).spec);
    return { invoked_by_target: target, invoked_by_service_name: service };
  } catch (error) {
    // The caller may be forgotten before those that it called.
    if (error instanceof PerdureError && error.code === "not-found") return {};
    throw error;
  }
}

function ofAttempts(
  { desk }: Source,
  row: RunRow,
  events: readonly RunEvent[],
  isRunning: boolean,
): Row {
  const { failed, failure, failedAt, retryAt } = attemptsOf(events);
  const { version } = row;
  const related = failure === undefined ? {} : relatedOf(failure);
  return {
    in_flight: isRunning ? 1 : 0,
    retry_count: failed + (isRunning ? 1 : 0),
    last_start_at: isRunning || failedAt === undefined ? timeIf(events.at(-1)?.at) : time(failedAt),
    last_attempt_deployment_id: version,
    last_attempt_server:
      version === undefined ? undefined : desk.catalog.deployment(version)?.sdkVersion,
    next_retry_at: timeIf(retryAt),
    last_failure: failure && wordsOf(failure),
    last_failure_error_code: failure && restateNumberOf(failure),
    last_failure_related_command_index: related.index,
    last_failure_related_command_name: related.name,
    last_failure_related_command_type: related.type,
    last_failure_related_entry_index: related.index,
    last_failure_related_entry_name: related.name,
    last_failure_related_entry_type: related.type,
  };
}
