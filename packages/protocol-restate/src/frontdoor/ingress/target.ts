/**
 * What a path or a body means to the engine: which run is started, or asked about.
 *
 * T1  A service that is registered goes before a native queue; both are of the caller's namespace.
 * T2  What an idempotency key names is computed, and nothing is kept for it.
 */
import type { StartRequest } from "@perdure/engine";
import type { KeyRef, RunId } from "@perdure/kernel";
import type { HandlerView } from "../../deployments/deployment.ts";
import { idempotentRunId } from "../../ids/idempotent-run.ts";

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

type Placed = Pick<
  StartRequest,
  "workflow" | "queue" | "key" | "mode" | "reuse" | "conflict" | "retentionMs"
>;

/** Where a call runs, and what it meets there. */
export function placeOf(
  namespace: string,
  callee: Callee,
  isSend: boolean,
  isIdempotent: boolean,
): Placed {
  if (callee.type === "native") {
    const { queue, workflow, key: id } = callee;
    const key = id === undefined ? undefined : { namespace, kind: "workflow", id };
    return { workflow, queue, ...(key && { key, conflict: "useExisting" as const }) };
  }
  const { view, key } = callee;
  return {
    workflow: `${view.service}.${view.name}`,
    queue: RESTATE_QUEUE,
    retentionMs: retentionOf(view, isIdempotent),
    ...(key === undefined ? {} : keyed(namespace, view, key, isSend)),
  };
}

function keyed(
  namespace: string,
  view: HandlerView,
  id: string,
  isSend: boolean,
): Pick<Placed, "key" | "mode" | "reuse" | "conflict"> {
  if (view.serviceType !== "WORKFLOW") {
    const key = { namespace, kind: `object:${view.service}`, id };
    return { key, mode: view.type === "SHARED" ? "shared" : "exclusive" };
  }
  const key = workflowKey(namespace, view.service, id);
  if (view.type !== "WORKFLOW") return { key, mode: "shared" };
  return { key, mode: "single", reuse: "reject", conflict: isSend ? "useExisting" : "fail" };
}

export function workflowKey(namespace: string, workflow: string, id: string): KeyRef {
  return { namespace, kind: `workflow:${workflow}`, id };
}

function retentionOf({ type, settings }: HandlerView, isIdempotent: boolean): number {
  const { journalRetentionMs, idempotencyRetentionMs, workflowCompletionRetentionMs } = settings;
  return Math.max(
    journalRetentionMs,
    isIdempotent ? idempotencyRetentionMs : 0,
    type === "WORKFLOW" ? workflowCompletionRetentionMs : 0,
  );
}

/** The run that an idempotency key stands for; undefined: there is no such key. */
export function runNamed(
  namespace: string,
  callee: Callee,
  key: KeyRef | undefined,
  idempotencyKey: string | undefined,
): RunId | undefined {
  if (idempotencyKey === undefined) return undefined;
  const [service, handler] =
    callee.type === "handler"
      ? [callee.view.service, callee.view.name]
      : [`${NATIVE}.${callee.queue}`, callee.workflow];
  const call = { namespace, service, handler, idempotencyKey };
  return idempotentRunId(key === undefined ? call : { ...call, key });
}
