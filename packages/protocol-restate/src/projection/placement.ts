/**
 * Where a call runs and what it meets there: the one place that turns a service, a handler and a key
 * into a workflow, a queue and a business key, and back.
 *
 * T1  A service that is registered goes before a native queue; both are of the caller's namespace.
 * T2  What an idempotency key names is computed, and nothing is kept for it.
 */
import type { CallTarget, KeyRef, RunId } from "@perdure/kernel";
import type { HandlerView } from "../deployments/deployment.ts";
import { idempotentRunId } from "../ids/idempotent-run.ts";

/** A handler of a service, or a workflow of a native queue. */
export type Callee =
  | { readonly type: "handler"; readonly view: HandlerView; readonly key?: string }
  | {
      readonly type: "native";
      readonly queue: string;
      readonly workflow: string;
      readonly key?: string;
    };

const NATIVE = "perdure";
const DEFAULT_QUEUE = "default";
export const RESTATE_QUEUE = "restate";

/** `perdure` is the queue `default`, `perdure.mail` the queue `mail`. Undefined: no native queue. */
export function nativeQueue(service: string): string | undefined {
  if (service === NATIVE) return DEFAULT_QUEUE;
  const queue = service.startsWith(`${NATIVE}.`) ? service.slice(NATIVE.length + 1) : "";
  return queue === "" ? undefined : queue;
}

export type Placement = Pick<
  CallTarget,
  "workflow" | "queue" | "key" | "mode" | "reuse" | "conflict" | "retentionMs"
>;

export function placeOf(
  namespace: string,
  callee: Callee,
  isSend: boolean,
  isIdempotent: boolean,
): Placement {
  if (callee.type === "native") {
    const { queue, workflow } = callee;
    const key = keyOf(namespace, callee);
    return { workflow, queue, ...(key && { key, conflict: "useExisting" as const }) };
  }
  const { view } = callee;
  const key = keyOf(namespace, callee);
  return {
    workflow: `${view.service}.${view.name}`,
    queue: RESTATE_QUEUE,
    retentionMs: retentionOf(view, isIdempotent),
    ...(key === undefined ? {} : { key, ...holding(view, isSend) }),
  };
}

function keyOf(namespace: string, callee: Callee): KeyRef | undefined {
  const { key: id } = callee;
  if (id === undefined) return undefined;
  if (callee.type === "native") return { namespace, kind: "workflow", id };
  const { serviceType, service } = callee.view;
  if (serviceType === "WORKFLOW") return workflowKey(namespace, service, id);
  return { namespace, kind: `object:${service}`, id };
}

/** A workflow runs once for its key. */
function holding(
  { serviceType, type }: HandlerView,
  isSend: boolean,
): Pick<CallTarget, "mode" | "reuse" | "conflict"> {
  if (serviceType !== "WORKFLOW") return { mode: type === "SHARED" ? "shared" : "exclusive" };
  if (type !== "WORKFLOW") return { mode: "shared" };
  return { mode: "single", reuse: "reject", conflict: isSend ? "useExisting" : "fail" };
}

const WORKFLOW_KIND = "workflow:";

export function workflowKey(namespace: string, workflow: string, id: string): KeyRef {
  return { namespace, kind: WORKFLOW_KIND + workflow, id };
}

/** The workflow that a key is of; undefined: of none. */
export function workflowOfKey({ kind }: KeyRef): string | undefined {
  return kind.startsWith(WORKFLOW_KIND) ? kind.slice(WORKFLOW_KIND.length) : undefined;
}

function retentionOf({ type, settings }: HandlerView, isIdempotent: boolean): number {
  const { journalRetentionMs, idempotencyRetentionMs, workflowCompletionRetentionMs } = settings;
  return Math.max(
    journalRetentionMs,
    isIdempotent ? idempotencyRetentionMs : 0,
    type === "WORKFLOW" ? workflowCompletionRetentionMs : 0,
  );
}

/** The run that an idempotency key stands for. */
export function runNamed(namespace: string, callee: Callee, idempotencyKey: string): RunId {
  const key = keyOf(namespace, callee);
  const [service, handler] =
    callee.type === "handler"
      ? [callee.view.service, callee.view.name]
      : [`${NATIVE}.${callee.queue}`, callee.workflow];
  const call = { namespace, service, handler, idempotencyKey };
  return idempotentRunId(key === undefined ? call : { ...call, key });
}

/** What was called, as Restate's SDKs say it. */
export interface Called {
  readonly service: string;
  readonly handler: string;
  readonly key: string;
}

export function calledBy({ workflow, queue, key }: Placement): Called {
  const id = key?.id ?? "";
  if (queue !== RESTATE_QUEUE) {
    const service = queue === DEFAULT_QUEUE ? NATIVE : `${NATIVE}.${queue}`;
    return { service, handler: workflow, key: id };
  }
  const dot = workflow.lastIndexOf(".");
  return { service: workflow.slice(0, dot), handler: workflow.slice(dot + 1), key: id };
}
