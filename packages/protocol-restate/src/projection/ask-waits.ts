/** Promises of a workflow, and the ends of other invocations. */
import {
  PerdureError,
  type Command,
  type KeyPromiseWait,
  type RunId,
  type RunWait,
} from "@perdure/kernel";
import { isInvocationId, parseInvocationId } from "../ids/invocation-id.ts";
import type { InvocationTarget, Message, MessageOf, PromiseCommand } from "../messages/messages.ts";
import { checkedFailure, keyFor, nextOrdinal, open } from "./asking.ts";
import { attachedName } from "./attached.ts";
import { calleeOf, refuseScope } from "./callees.ts";
import { payloadOfResult } from "./payloads.ts";
import { placeOf, runNamed, workflowKey } from "./placement.ts";
import { checkBytes, checkName, unsupported, violation } from "./refusals.ts";
import type { JournalState, Known, ProjectionContext } from "./state.ts";

export function promiseCommands(message: PromiseCommand, state: JournalState): readonly Command[] {
  if (state.context.handler.serviceType !== "WORKFLOW") {
    throw violation("the code uses a promise outside of a workflow: only workflows have them");
  }
  const { completionId: id, name, type } = message;
  checkName("the name of a promise", message.key);
  const operation = type === "getPromise" ? "promise" : type === "peekPromise" ? "peek" : "settle";
  const key = keyFor(operation, [id], name);
  const on = promiseWait(message);
  open(state, id, type);
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "wait.start", key, ordinal, on }];
}

function promiseWait(message: PromiseCommand): KeyPromiseWait {
  const asked = { type: "keyPromise", name: message.key } as const;
  switch (message.type) {
    case "getPromise":
      return { ...asked, ask: "value" };
    case "peekPromise":
      return { ...asked, ask: "peek" };
    case "completePromise": {
      const { result } = message;
      if (result.type === "value") checkBytes("the value of a promise", result.value);
      else checkedFailure(result.failure);
      return { ...asked, ask: "settle", payload: payloadOfResult(result) };
    }
  }
}

type Attaching = MessageOf<"attachInvocation" | "getInvocationOutput">;

export function attachCommands(
  message: Attaching,
  state: JournalState,
  { key: knownKey }: Known,
): readonly Command[] {
  const { completionId: id, type } = message;
  const operation = type === "attachInvocation" ? "attach" : "output";
  const key = keyFor(operation, [id], attachedName(message));
  const ask = type === "attachInvocation" ? "outcome" : "peek";
  const found = waitedFor(message.target, state.context);
  const under = found.key ?? knownKey;
  const on: RunWait = {
    type: "run",
    ask,
    ...found,
    ...(under === undefined ? {} : { key: under }),
  };
  open(state, id, type);
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "wait.start", key, ordinal, on }];
}

function waitedFor(
  target: InvocationTarget,
  context: ProjectionContext,
): Pick<RunWait, "runId" | "key"> {
  const { namespace } = context;
  switch (target.type) {
    case "invocationId":
      return { runId: runIdOf(target.invocationId) };
    case "workflow": {
      const { name, key } = target.workflow;
      refuseScope(target.workflow);
      checkName("the name of a workflow", name);
      checkName("the key of a workflow", key);
      return { key: workflowKey(namespace, name, key) };
    }
    case "idempotentRequest": {
      const { service, handler, key = "", idempotencyKey } = target.idempotentRequest;
      refuseScope(target.idempotentRequest);
      const callee = calleeOf({ service, handler, key }, context);
      const place = placeOf(namespace, callee, false, true);
      const runId = runNamed(namespace, callee, idempotencyKey);
      return place.key === undefined ? { runId } : { runId, key: place.key };
    }
  }
}

function runIdOf(text: string): RunId {
  try {
    return parseInvocationId(text);
  } catch (error) {
    if (error instanceof PerdureError) throw unsupported(error.message);
    throw error;
  }
}

/** The invocation that a message names by its id, whose key the driver then asks for. */
export function invocationNamedBy(message: Message): RunId | undefined {
  if (message.type !== "attachInvocation" && message.type !== "getInvocationOutput") {
    return undefined;
  }
  const { target } = message;
  const isId = target.type === "invocationId" && isInvocationId(target.invocationId);
  return isId ? parseInvocationId(target.invocationId) : undefined;
}
