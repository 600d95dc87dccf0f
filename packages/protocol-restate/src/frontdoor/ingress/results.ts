/** Results of invocations that were started before: waited for, looked at, or only named. */
import { limits, PerdureError, type Outcome, type RunId } from "@perdure/kernel";
import * as z from "zod";
import type { HandlerView } from "../../deployments/deployment.ts";
import { invocationId, parseInvocationId } from "../../ids/invocation-id.ts";
import { nativeQueue, runNamed, workflowKey, type Callee } from "../../projection/placement.ts";
import { json, NOT_READY, refusedWith } from "./answers.ts";
import { readJson } from "./body.ts";
import type { Door, DoorAsk } from "./door.ts";
import type { DoorAnswer, DoorRequest } from "./door-answer.ts";
import type { DoorCaller } from "./door-caller.ts";
import { resultOf } from "./outcome-answer.ts";
import type { IngressRoute, InvocationTarget } from "./routes.ts";
import { isAnswer, waitFor } from "./waits.ts";

type ResultRoute = Extract<IngressRoute, { readonly type: "result" }>;

export async function result(door: Door, ask: DoorAsk, route: ResultRoute): Promise<DoorAnswer> {
  const target = route.target ?? (await targetIn(ask.request));
  const { caller } = ask;
  const runId = await runOf(door, caller, target);
  const headers = { "x-restate-id": invocationId(runId) };
  if (route.ask === "output") {
    const outcome = await outcomeNow(caller, runId);
    if (outcome === undefined) return notReady(headers);
    return resultOf(outcome, headers, await viewOf(door, caller, runId));
  }
  const ended = await waitFor(door, ask, runId, await isThere(caller, runId));
  if (isAnswer(ended)) return ended;
  // Of what failed there is no type to know, and of a start that was dropped no run to ask.
  const view = ended.status === "completed" ? await viewOf(door, caller, runId) : undefined;
  return resultOf(ended, headers, view);
}

export async function lookup(door: Door, { request, caller }: DoorAsk): Promise<DoorAnswer> {
  const runId = await runOf(door, caller, await targetIn(request));
  return json({ invocationId: invocationId(runId) });
}

async function isThere(caller: DoorCaller, runId: RunId): Promise<boolean> {
  try {
    await outcomeNow(caller, runId);
    return true;
  } catch (error) {
    if (error instanceof PerdureError && error.code === "not-found") return false;
    throw error;
  }
}

/** Undefined: it has not ended, or not begun. */
async function outcomeNow(
  { engine }: Pick<DoorCaller, "engine">,
  runId: RunId,
): Promise<Outcome | undefined> {
  try {
    const { outcome } = await engine.describe(runId);
    // Its next run is the same invocation to whoever asks.
    if (outcome?.status !== "continued") return outcome;
    return await outcomeNow({ engine }, outcome.runId);
  } catch (error) {
    if (!(error instanceof PerdureError) || error.code !== "not-found") throw error;
    // A start that waits for its turn has no run yet, but there is something to say of it.
    await engine.why(runId);
    return undefined;
  }
}

async function runOf(door: Door, caller: DoorCaller, target: InvocationTarget): Promise<RunId> {
  switch (target.type) {
    case "invocation":
      return parseInvocationId(target.id);
    case "workflow": {
      const { name, key } = target;
      const runId = await caller.engine.lookup(workflowKey(caller.namespace, name, key));
      if (runId !== undefined) return runId;
      const text = `No workflow ${name.slice(0, 200)} was started under this key.`;
      throw new PerdureError("not-found", text);
    }
    case "idempotent":
      return idempotentRun(door, caller, target);
  }
}

type Idempotent = Extract<InvocationTarget, { readonly type: "idempotent" }>;

function idempotentRun(
  { registry }: Door,
  { namespace }: DoorCaller,
  { service, key, handler, idempotencyKey }: Idempotent,
): RunId {
  const view = registry.catalog(namespace).handler(service, handler);
  const queue = nativeQueue(service);
  const keyed = key === undefined ? {} : { key };
  const callee: Callee | undefined =
    view !== undefined
      ? { type: "handler", view, ...keyed }
      : queue === undefined
        ? undefined
        : { type: "native", queue, workflow: handler, ...keyed };
  if (callee !== undefined) return runNamed(namespace, callee, idempotencyKey);
  const text = `No deployment here has ${service.slice(0, 200)}/${handler.slice(0, 200)}.`;
  throw new PerdureError("not-found", text);
}

/** Of the handler that it was: for the type of its result. */
async function viewOf(
  { registry }: Door,
  { engine, namespace }: DoorCaller,
  runId: RunId,
): Promise<HandlerView | undefined> {
  const { row } = await engine.describe(runId);
  const dot = row.workflow.lastIndexOf(".");
  if (dot < 0) return undefined;
  const [service, handler] = [row.workflow.slice(0, dot), row.workflow.slice(dot + 1)];
  return registry.catalog(namespace).handler(service, handler);
}

const text = z.string().min(1).max(limits.idChars);
const targetBody = z.discriminatedUnion("target", [
  z.object({ target: z.literal("invocation"), invocationId: text.optional(), id: text.optional() }),
  z.object({
    target: z.literal("workflow"),
    workflowName: text,
    workflowKey: text,
    scope: text.nullish(),
  }),
  z.object({
    target: z.literal("idempotentInvocation"),
    service: text,
    key: text.nullish(),
    handler: text,
    idempotencyKey: text,
    scope: text.nullish(),
  }),
]);

async function targetIn(request: DoorRequest): Promise<InvocationTarget> {
  const parsed = targetBody.safeParse(await readJson(request));
  if (!parsed.success) {
    const advice =
      'The body names an invocation: {"target":"workflow","workflowName":…,"workflowKey":…}, ' +
      '{"target":"idempotentInvocation","service":…,"key"?:…,"handler":…,"idempotencyKey":…} or ' +
      '{"target":"invocation","invocationId":…}.';
    throw new PerdureError("invalid-argument", advice);
  }
  const { data } = parsed;
  if ("scope" in data && typeof data.scope === "string") throw noScopes();
  switch (data.target) {
    case "invocation":
      return { type: "invocation", id: data.invocationId ?? data.id ?? "" };
    case "workflow":
      return { type: "workflow", name: data.workflowName, key: data.workflowKey };
    case "idempotentInvocation": {
      const { service, handler, idempotencyKey } = data;
      const key = data.key ?? undefined;
      return { type: "idempotent", service, key, handler, idempotencyKey };
    }
  }
}

export function noScopes(): PerdureError {
  const advice = "leave the scope out, or put what it says into the key.";
  return new PerdureError("invalid-argument", `Scopes are not supported here: ${advice}`);
}

function notReady(headers: Readonly<Record<string, string>>): DoorAnswer {
  return refusedWith(NOT_READY, "the invocation exists but has not completed yet", headers);
}
