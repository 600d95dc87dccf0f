/**
 * Calls and sends.
 *
 * V1  A call is on disk before anybody waits for it: who comes back with its idempotency key, or its
 *     id, finds it.
 * V2  A client that goes away ends its waiting, never the invocation.
 */
import type { Started } from "@perdure/engine";
import {
  namingRequest,
  PerdureError,
  type Outcome,
  type Payload,
  type RunId,
} from "@perdure/kernel";
import type { HandlerView } from "../../deployments/deployment.ts";
import { invocationId } from "../../ids/invocation-id.ts";
import { payloadOf } from "../../projection/payloads.ts";
import {
  nativeQueue,
  placeOf,
  RESTATE_QUEUE,
  runNamed,
  type Callee,
} from "../../projection/placement.ts";
import { json, terminal } from "./answers.ts";
import { readBytes } from "./body.ts";
import { parseDelay } from "./delay.ts";
import type { DoorAnswer } from "./door-answer.ts";
import type { DoorCaller } from "./door-caller.ts";
import { forgottenIfExpired } from "./expiry.ts";
import type { DoorAsk, Door } from "./door.ts";
import { checkBody } from "./input-rules.ts";
import { handlerHeaders } from "./request-headers.ts";
import type { IngressRoute } from "./routes.ts";
import { resultOf } from "./outcome-answer.ts";
import { isAnswer, waitFor } from "./waits.ts";

type Invoke = Extract<IngressRoute, { readonly type: "invoke" }>;

interface Invocation {
  readonly callee: Callee;
  readonly isSend: boolean;
}

export async function invoke(door: Door, ask: DoorAsk, route: Invoke): Promise<DoorAnswer> {
  const { request, url, caller } = ask;
  const { callee, isSend } = await invocationOf(door, caller, route);
  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  const startAt = startOf(door, url, isSend);
  if (callee.type === "handler") checkCallee(callee.view, idempotencyKey);
  const bytes = await readBytes(request);
  if (callee.type === "handler") {
    const type = request.headers.get("content-type") ?? undefined;
    checkBody(callee.view, type, bytes.length === 0);
  }
  const given = {
    input: payloadOf(bytes),
    headers: handlerHeaders(request, url),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(startAt === undefined ? {} : { startAt }),
  };
  let started = await start(caller, callee, isSend, given);
  if (started !== "started before" && started.existing && idempotencyKey !== undefined) {
    const isForgotten = await forgottenIfExpired(caller, door.env, started.runId);
    if (isForgotten) started = await start(caller, callee, isSend, given);
  }
  if (started === "started before") return alreadyInvoked();
  if (isSend) return sent(started, startAt);
  const ended = await waitFor(door, ask, started.runId, true);
  if (isAnswer(ended)) return ended;
  const isRetained = started.existing && idempotencyKey !== undefined;
  return answered(caller, callee, started.runId, ended, isRetained);
}

async function invocationOf(
  door: Door,
  caller: DoorCaller,
  { form, service, rest }: Invoke,
): Promise<Invocation> {
  const view = await serviceOf(door, caller, service);
  const queue = view === undefined ? nativeQueue(service) : undefined;
  if (view === undefined && queue === undefined) throw noService(service);
  if (queue === RESTATE_QUEUE) throw handlersByName(service);
  const isKeyed = view === undefined ? undefined : view.type !== "SERVICE";
  const { parts, isSend } = divided(form, rest, isKeyed);
  const [name = ""] = parts.slice(-1);
  const key = parts.length === 2 ? parts[0] : undefined;
  if (queue !== undefined) {
    return { callee: { type: "native", queue, workflow: name, ...keyPart(key) }, isSend };
  }
  if (parts.length !== (isKeyed ? 2 : 1) || key === "") throw otherShape(service, isKeyed === true);
  const handler = door.registry.catalog(caller.namespace).handler(service, name);
  if (handler === undefined) throw noHandler(service, name, view?.handlers ?? []);
  return { callee: { type: "handler", view: handler, ...keyPart(key) }, isSend };
}

/** Another node may have registered it a moment ago. */
async function serviceOf(door: Door, { namespace }: DoorCaller, service: string) {
  const known = door.registry.catalog(namespace).service(service);
  return known ?? (await door.registry.refresh(namespace)).service(service);
}

/** `isKeyed` undefined: as with native workflows, a key may be left out. */
function divided(
  form: Invoke["form"],
  rest: readonly string[],
  isKeyed: boolean | undefined,
): { readonly parts: readonly string[]; readonly isSend: boolean } {
  if (form !== "classic") return { parts: rest, isSend: form === "send" };
  const fewest = isKeyed === true ? 2 : 1;
  const isSend = rest.length > fewest && rest.at(-1) === "send";
  return { parts: isSend ? rest.slice(0, -1) : rest, isSend };
}

function keyPart(key: string | undefined): { readonly key?: string } {
  return key === undefined ? {} : { key };
}

function checkCallee(view: HandlerView, idempotencyKey: string | undefined): void {
  const what = `${view.service}/${view.name}`;
  if (view.settings.isPrivate) {
    const text = `${what} is private: only handlers may call it, not the ingress.`;
    throw new PerdureError("invalid-argument", text);
  }
  if (view.type === "WORKFLOW" && idempotencyKey !== undefined) {
    const text =
      `${what} runs once for its key as it is: leave the header idempotency-key out, and send ` +
      "or attach to the workflow by its key.";
    throw new PerdureError("invalid-argument", text);
  }
  if (idempotencyKey === "") {
    throw new PerdureError("invalid-argument", "The header idempotency-key is empty: give it one.");
  }
}

function startOf({ env }: Door, url: URL, isSend: boolean): number | undefined {
  const text = url.searchParams.get("delay");
  if (text === null) return undefined;
  if (isSend) return Math.floor(env.now()) + parseDelay(text);
  const advice = "send it: a caller would wait for nothing meanwhile.";
  throw new PerdureError("invalid-argument", `A call cannot be delayed: ${advice}`);
}

interface Given {
  readonly input: Payload;
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly startAt?: number;
}

async function start(
  { engine, namespace }: DoorCaller,
  callee: Callee,
  isSend: boolean,
  { input, headers, idempotencyKey, startAt }: Given,
): Promise<Started | "started before"> {
  const place = placeOf(namespace, callee, isSend, idempotencyKey !== undefined);
  const named =
    idempotencyKey === undefined
      ? {}
      : { requestId: namingRequest(runNamed(namespace, callee, idempotencyKey)) };
  const delay = startAt === undefined ? {} : { startAt };
  // So that people and the handler see it; what finds the run is its name.
  const said = idempotencyKey === undefined ? {} : { attributes: { idempotencyKey } };
  try {
    const isPatient = !isSend;
    const more = { ...named, ...delay, ...said, isPatient };
    return await engine.start({ namespace, ...place, input, headers, ...more });
  } catch (error) {
    if (!(error instanceof PerdureError) || error.code !== "already-exists") throw error;
    // A workflow that has run: who sends is told which, who calls is refused.
    const runId = error.detail?.["runId"];
    if (!isSend || typeof runId !== "string") return "started before";
    return { runId: runId as RunId, existing: true };
  }
}

function sent({ runId, existing }: Started, startAt: number | undefined): DoorAnswer {
  const body = {
    invocationId: invocationId(runId),
    ...(startAt === undefined ? {} : { executionTime: new Date(startAt).toISOString() }),
    status: existing ? "PreviouslyAccepted" : "Accepted",
  };
  const answer = json(body, 202);
  answer.headers["x-restate-id"] = body.invocationId;
  return answer;
}

/** `isRetained`: the result was there before the call, and is kept for a while. */
async function answered(
  { engine }: DoorCaller,
  callee: Callee,
  runId: RunId,
  outcome: Outcome,
  isRetained: boolean,
): Promise<DoorAnswer> {
  const headers: Record<string, string> = { "x-restate-id": invocationId(runId) };
  if (isRetained) {
    const { row, spec } = await engine.describe(runId);
    const until = (row.closedAt ?? row.startedAt) + (spec.retentionMs ?? 0);
    headers["idempotency-expires"] = new Date(until).toISOString();
  }
  return resultOf(outcome, headers, callee.type === "handler" ? callee.view : undefined);
}

function alreadyInvoked(): DoorAnswer {
  return terminal({ code: 409, message: "the workflow method was already invoked" });
}

function noService(service: string): PerdureError {
  const text =
    `The service "${service.slice(0, 200)}" was not found: register the deployment that has it, ` +
    "and look at the spelling.";
  return new PerdureError("not-found", text);
}

/** Or handlers that are private, and keys of objects, could be reached past their rules. */
function handlersByName(service: string): PerdureError {
  const text = `"${service}" has the services of deployments: call them by their own names.`;
  return new PerdureError("invalid-argument", text);
}

function noHandler(
  service: string,
  handler: string,
  handlers: readonly HandlerView[],
): PerdureError {
  const names = handlers.map(({ name }) => name).slice(0, 20);
  const has = names.length === 0 ? "none" : names.join(", ");
  const name = handler.slice(0, 200);
  const text = `The handler "${name}" was not found: the service "${service}" has ${has}.`;
  return new PerdureError("not-found", text);
}

function otherShape(service: string, isKeyed: boolean): PerdureError {
  const path = isKeyed ? `/${service}/{key}/{handler}` : `/${service}/{handler}`;
  return new PerdureError("not-found", `Handlers of "${service}" are at ${path}.`);
}
