/** Calls of other handlers, with and without waiting for what comes of them. */
import type { Command } from "@perdure/kernel";
import { invocationId } from "../ids/invocation-id.ts";
import type { MessageOf } from "../messages/messages.ts";
import { keyFor, nextOrdinal, open } from "./asking.ts";
import { targetOf } from "./callees.ts";
import type { JournalState } from "./state.ts";

export function callCommands(message: MessageOf<"call">, state: JournalState): readonly Command[] {
  const { invocationIdCompletion: id, completionId, name } = message;
  const key = keyFor("call", [id, completionId], name);
  const target = targetOf(message, false, state.context);
  open(state, id, "callInvocationId");
  open(state, completionId, "call");
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "call.start", key, ordinal, target, onParentClose: "follow" }];
}

export function oneWayCommands(
  message: MessageOf<"oneWayCall">,
  state: JournalState,
): readonly Command[] {
  const { invocationIdCompletion: id, name, invokeAt } = message;
  const key = keyFor("send", [id], name);
  const delay = invokeAt === 0 ? {} : { startAt: invokeAt };
  const { context } = state;
  const called = targetOf(message, true, context);
  // Nobody waits for its end, so that nothing else says where it comes from.
  const attributes = { ...called.attributes, invokedBy: invocationId(context.spec.runId) };
  const target = { ...called, ...delay, attributes };
  open(state, id, "callInvocationId");
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "send", key, ordinal, message: { type: "start", target } }];
}
