/** What an invocation's journal says of calls, one-way calls and signals to others. */
import type { CallTarget, Outcome, RunEventOf } from "@perdure/kernel";
import { awakeableId } from "../ids/awakeable-id.ts";
import { invocationId } from "../ids/invocation-id.ts";
import type { CallFields, ProtocolCommand, Result, ValueOrFailure } from "../messages/messages.ts";
import { restateFailureOf } from "./failures.ts";
import { completed, foreign, keyIn, type Followed } from "./followed.ts";
import { calledBy } from "./placement.ts";
import { CANCEL_INDEX, signalOf } from "./signal-names.ts";
import type { JournalState } from "./state.ts";

export function followCalled(
  event: RunEventOf<"call.scheduled"> | RunEventOf<"call.started">,
  state: JournalState,
): Followed {
  const { id, resultId, name } = keyIn(event, "call");
  state.calls.set(event.runId, event.key);
  // A fork starts the child anew; its code knows the first one's id, as it did before.
  if (event.kind === "call.started") return {};
  state.opened.set(id, "callInvocationId");
  state.opened.set(resultId, "call");
  const result = { type: "invocationId", invocationId: invocationId(event.runId) } as const;
  return {
    command: { type: "call", ...fieldsOf(event.target, id), completionId: resultId, name },
    notification: completed(state, event.seq, { of: "callInvocationId", id, result }),
  };
}

export function followClosed(event: RunEventOf<"call.closed">, state: JournalState): Followed {
  const { resultId } = keyIn(event, "call");
  for (const [runId, key] of state.calls) if (key === event.key) state.calls.delete(runId);
  const result = resultOf(event.outcome);
  return { notification: completed(state, event.seq, { of: "call", id: resultId, result }) };
}

/** A run that goes on as another tells of its end when that one has one. */
function resultOf(outcome: Outcome): Result {
  if (outcome.status === "completed") return { type: "value", value: outcome.output.data };
  if (outcome.status === "continued") return { type: "void" };
  return { type: "failure", failure: restateFailureOf(outcome.failure) };
}

function fieldsOf(target: CallTarget, invocationIdCompletion: number): CallFields {
  const { headers = {}, attributes = {}, input } = target;
  const { idempotencyKey } = attributes;
  return {
    ...calledBy(target),
    parameter: input.data,
    headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
    invocationIdCompletion,
    ...(typeof idempotencyKey === "string" ? { idempotencyKey } : {}),
  };
}

export function followSent(event: RunEventOf<"message.sent">, state: JournalState): Followed {
  const { message } = event;
  switch (message.type) {
    case "start": {
      const { id, name } = keyIn(event, "send");
      const { target, runId } = message;
      state.opened.set(id, "callInvocationId");
      const result = { type: "invocationId", invocationId: invocationId(runId) } as const;
      const command: ProtocolCommand = {
        type: "oneWayCall",
        ...fieldsOf(target, id),
        invokeAt: target.startAt ?? 0,
        name,
      };
      const notification = completed(state, event.seq, { of: "callInvocationId", id, result });
      return { command, notification };
    }
    case "cancel":
    case "signal":
      return { command: signalSent(event, message) };
    case "publish":
      return foreign(event);
  }
}

type Signalling = Extract<
  RunEventOf<"message.sent">["message"],
  { readonly type: "signal" | "cancel" }
>;

function signalSent(event: RunEventOf<"message.sent">, message: Signalling): ProtocolCommand {
  const { type, name } = keyIn(event, "signal", "awakeable");
  if (typeof message.to !== "string") return foreign(event);
  const target = invocationId(message.to);
  if (message.type === "cancel") {
    const signal = { type: "index", index: CANCEL_INDEX } as const;
    return { type: "sendSignal", target, signal, result: { type: "void" }, name };
  }
  const signal = signalOf(message.name);
  const { payload, failure } = message;
  const result: ValueOrFailure | undefined = failure
    ? { type: "failure", failure: restateFailureOf(failure) }
    : payload && { type: "value", value: payload.data };
  if (type === "signal") {
    return { type: "sendSignal", target, signal, result: result ?? { type: "void" }, name };
  }
  if (signal.type !== "index" || result === undefined) return foreign(event);
  const id = awakeableId({ runId: message.to, index: signal.index });
  return { type: "completeAwakeable", awakeableId: id, result, name };
}
