/** Signals to other invocations, which cancel them, complete their awakeables, or just have a name. */
import { limits, PerdureError, type Command } from "@perdure/kernel";
import { parseAwakeableId } from "../ids/awakeable-id.ts";
import { parseInvocationId } from "../ids/invocation-id.ts";
import type { MessageOf } from "../messages/messages.ts";
import { keyFor, nextOrdinal, settled, upcomingOrdinal } from "./asking.ts";
import { tooLong, unsupported } from "./refusals.ts";
import { CANCEL_INDEX, indexedSignal, signalName } from "./signal-names.ts";
import type { JournalState } from "./state.ts";

export function signalCommands(
  message: MessageOf<"sendSignal">,
  state: JournalState,
): readonly Command[] {
  const { signal, result, name } = message;
  const to = known(parseInvocationId, message.target);
  if (signal.type === "index" && signal.index === CANCEL_INDEX) {
    if (result.type !== "void") throw unsupported("signal 1 cancels, and carries no value");
    const key = keyFor("signal", [upcomingOrdinal(state)], name);
    const { ordinal, markers } = nextOrdinal(state);
    const cancel: Command = { type: "send", key, ordinal, message: { type: "cancel", to } };
    // A child that still waits for its turn under its key has no run that the message could reach.
    const call = state.calls.get(to);
    const dropped: readonly Command[] =
      call === undefined ? [] : [{ type: "call.cancel", key: call }];
    return [...markers, cancel, ...dropped];
  }
  const signalled = signalName(signal);
  if (signalled.length > limits.nameChars) {
    throw tooLong("the name of a signal", signalled.length, limits.nameChars);
  }
  const value = result.type === "void" ? {} : settled("the value of a signal", result);
  const key = keyFor("signal", [upcomingOrdinal(state)], name);
  const { ordinal, markers } = nextOrdinal(state);
  const sent = { type: "signal", to, name: signalled, ...value } as const;
  return [...markers, { type: "send", key, ordinal, message: sent }];
}

export function awakeableCommands(
  message: MessageOf<"completeAwakeable">,
  state: JournalState,
): readonly Command[] {
  const { runId: to, index } = known(parseAwakeableId, message.awakeableId);
  const value = settled("the value of an awakeable", message.result);
  const key = keyFor("awakeable", [upcomingOrdinal(state)], message.name);
  const { ordinal, markers } = nextOrdinal(state);
  const sent = { type: "signal", to, name: indexedSignal(index), ...value } as const;
  return [...markers, { type: "send", key, ordinal, message: sent }];
}

/** An id that the code made up or got from elsewhere. */
function known<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof PerdureError) throw unsupported(error.message);
    throw error;
  }
}
