/**
 * Waits for other invocations, and how the SDK named them: the operation's key keeps the form, so
 * that a replay says the same.
 */
import { isRunId, type RunWait } from "@perdure/kernel";
import { invocationId } from "../ids/invocation-id.ts";
import type { InvocationTarget } from "../messages/messages.ts";
import { workflowOfKey } from "./placement.ts";

interface Attached {
  readonly target: InvocationTarget;
  readonly name: string;
}

/** What stands in the place of the name in the operation's key. */
export function attachedName({ target, name }: Attached): string {
  switch (target.type) {
    case "invocationId":
      return `i${name}`;
    case "workflow":
      return `w${name}`;
    case "idempotentRequest": {
      const { service, key = null, handler, idempotencyKey } = target.idempotentRequest;
      return `r${JSON.stringify([service, key, handler, idempotencyKey, name])}`;
    }
  }
}

/** Undefined: no `attachedName` said that of such a wait. */
export function attachedTo(text: string, { runId, key }: RunWait): Attached | undefined {
  const name = text.slice(1);
  switch (text.slice(0, 1)) {
    case "i":
      if (runId === undefined || !isRunId(runId)) return undefined;
      return { target: { type: "invocationId", invocationId: invocationId(runId) }, name };
    case "w": {
      const workflow = key && workflowOfKey(key);
      if (key === undefined || workflow === undefined) return undefined;
      return { target: { type: "workflow", workflow: { name: workflow, key: key.id } }, name };
    }
    case "r":
      return requestIn(name);
    default:
      return undefined;
  }
}

function requestIn(text: string): Attached | undefined {
  const parts = listIn(text);
  if (parts?.length !== 5) return undefined;
  const [service, key, handler, idempotencyKey, name] = parts;
  if (!areTexts([service, key ?? "", handler, idempotencyKey, name])) return undefined;
  const request = {
    service: String(service),
    handler: String(handler),
    idempotencyKey: String(idempotencyKey),
    ...(typeof key === "string" ? { key } : {}),
  };
  return { target: { type: "idempotentRequest", idempotentRequest: request }, name: String(name) };
}

function areTexts(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "string");
}

function listIn(text: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
