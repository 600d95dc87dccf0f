/** What an invocation's journal says of promises of its key, and of other invocations' ends. */
import type { RunEventOf } from "@perdure/kernel";
import type { CompletionOf, ProtocolCommand, Result } from "../messages/messages.ts";
import { CONFLICT, restateFailureOf } from "./failures.ts";
import { completed, foreign, forgetWait, keyIn, type Followed } from "./followed.ts";
import { attachedTo } from "./attached.ts";
import { resultOfPayload } from "./payloads.ts";
import type { JournalState } from "./state.ts";

type Started = RunEventOf<"wait.started">;

/** By the type of the operation's key. */
const answers = {
  promise: "getPromise",
  peek: "peekPromise",
  settle: "completePromise",
  attach: "attachInvocation",
  output: "getInvocationOutput",
} as const satisfies Readonly<Record<string, CompletionOf>>;

export function followWaitStarted(event: Started, state: JournalState): Followed {
  const key = keyIn(event, "promise", "peek", "settle", "attach", "output", "signal-wait");
  const { on } = event;
  if (key.type === "signal-wait") {
    if (on.type !== "signal") return foreign(event);
    state.waits.set(on.name, event.key);
    return {};
  }
  const { id: completionId, name } = key;
  state.opened.set(completionId, answers[key.type]);
  if (key.type === "attach" || key.type === "output") {
    const attached = on.type === "run" ? attachedTo(name, on) : undefined;
    if (attached === undefined) return foreign(event);
    return { command: { type: answers[key.type], completionId, ...attached } };
  }
  if (on.type !== "keyPromise") return foreign(event);
  if (key.type !== "settle") {
    const type = answers[key.type];
    return { command: { type, key: on.name, completionId, name } satisfies ProtocolCommand };
  }
  if (on.payload === undefined) return foreign(event);
  const result = resultOfPayload(on.payload);
  return { command: { type: "completePromise", key: on.name, result, completionId, name } };
}

/** A signal tells the SDK itself of what it brought. */
export function followWaitResolved(
  event: RunEventOf<"wait.resolved">,
  state: JournalState,
): Followed {
  const key = keyIn(event, "promise", "peek", "settle", "attach", "output", "signal-wait");
  if (key.type === "signal-wait") {
    forgetWait(state, event.key);
    return {};
  }
  const result = resultOf(event, key.type === "settle", key.type === "promise");
  return {
    notification: completed(state, event.seq, { of: answers[key.type], id: key.id, result }),
  };
}

const settledBefore = { code: CONFLICT, message: "promise was already completed", metadata: [] };

function resultOf(
  { payload, failure }: RunEventOf<"wait.resolved">,
  isSettling: boolean,
  isValue: boolean,
): Result {
  if (failure) {
    const isConflict = isSettling && failure.code === "conflict";
    return { type: "failure", failure: isConflict ? settledBefore : restateFailureOf(failure) };
  }
  if (isSettling) return { type: "void" };
  if (payload) return resultOfPayload(payload);
  return isValue ? { type: "value", value: new Uint8Array(0) } : { type: "void" };
}
