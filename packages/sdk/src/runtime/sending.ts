/** One-way messages, and the targets of calls: what leaves the run. */
import type { CallTarget, JsonObject, KeyRef, RunId, RunSpec } from "@perdure/kernel";
import { isRunId, PerdureError, type OutgoingCommand } from "@perdure/kernel";
import { traceContextOf, traceHeaders, withTrace } from "@perdure/wire";
import type { CallOptions, RunTarget } from "../ctx/options.ts";
import type { AnyHandler } from "../define/object.ts";
import type { WorkflowCode } from "../define/workflow.ts";
import { durationMs } from "../duration.ts";
import { encodePayload } from "../payload.ts";
import { validate } from "../schema.ts";
import type { Fiber } from "./fiber.ts";

/** Journaled with the next answer; sent exactly once. */
export function sendMessage(fiber: Fiber, name: string, message: OutgoingCommand): void {
  const key = fiber.operations.keyFor(name);
  if (fiber.ask("message", key, message.type)) return;
  fiber.command({ type: "send", key, ordinal: fiber.asked, message });
}

/** A child belongs to its parent's trace: a function of the spec, so that a replay asks the same. */
export type Sender = Pick<RunSpec, "namespace" | "headers">;

export function callTarget(
  { namespace, headers }: Sender,
  code: WorkflowCode,
  input: unknown,
  options: CallOptions,
): CallTarget {
  const { id, queue, timeout = code.settings.timeout, attributes, priority, conflict } = options;
  const what = `the input of workflow "${code.name}"`;
  if (code.input) validate(code.input, input, what);
  return {
    workflow: code.name,
    input: encodePayload(input, what),
    queue: queue ?? code.settings.queue ?? "default",
    ...(id === undefined ? {} : { key: workflowKey(namespace, id) }),
    ...(timeout === undefined ? {} : { runTimeoutMs: durationMs(timeout) }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(priority === undefined ? {} : { priority }),
    ...(conflict === undefined ? {} : { conflict }),
    ...withTrace(undefined, traceHeaders(traceContextOf(headers))),
  };
}

/** A handler's run holds the object's key, alone or beside others. */
export function objectTarget(
  sender: Sender,
  object: { readonly name: string; readonly key: string },
  handler: { readonly definition: AnyHandler; readonly code: WorkflowCode },
  input: unknown,
): CallTarget {
  return {
    ...callTarget(sender, handler.code, input, {}),
    key: { namespace: sender.namespace, kind: `object:${object.name}`, id: object.key },
    mode: handler.definition.mode,
  };
}

export function workflowKey(namespace: string, id: string): KeyRef {
  return { namespace, kind: "workflow", id };
}

export function addressOf(namespace: string, target: RunTarget): RunId | KeyRef {
  if ("id" in target) return workflowKey(namespace, target.id);
  if (isRunId(target.runId)) return target.runId;
  const advice = "give a run id as start() returned it, or { id } for a business key";
  throw new PerdureError("invalid-argument", `"${target.runId}" is not a run id; ${advice}`);
}

/** What matches may read of a payload, if nothing else is said: all of it, when it is an object. */
export function matchable(payload: unknown, data: JsonObject | undefined): JsonObject | undefined {
  if (data !== undefined) return data;
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  return JSON.parse(JSON.stringify(payload)) as JsonObject;
}
