/**
 * A message of the SDK as commands to the kernel.
 *
 * C1  Nothing is asked of the kernel that it would have to pause the invocation for, as far as that
 *     can be known here: such a message is refused, with words for the developer.
 * C2  What only ends an attempt (output, end, suspension, error) or is told for people asks nothing.
 */
import type { Command } from "@perdure/kernel";
import { unreachable } from "@perdure/kernel";
import type { Message } from "../messages/messages.ts";
import { checkedFailure } from "./asking.ts";
import { callCommands, oneWayCommands } from "./ask-calls.ts";
import { proposed, runBegun, sleepCommands } from "./ask-runs.ts";
import { awakeableCommands, signalCommands } from "./ask-signals.ts";
import { stateCommands } from "./ask-state.ts";
import { attachCommands, promiseCommands } from "./ask-waits.ts";
import { checkBytes, Refused, violation } from "./refusals.ts";
import type { JournalState, Known, Refusal } from "./state.ts";

export type Asked =
  | { readonly commands: readonly Command[]; readonly refusal?: undefined }
  | { readonly refusal: Refusal };

/** The state follows; after a refusal the attempt is over. */
export function commandsOf(message: Message, state: JournalState, known: Known = {}): Asked {
  try {
    return { commands: asked(message, state, known) };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

const nothing: readonly Command[] = [];

function asked(message: Message, state: JournalState, known: Known): readonly Command[] {
  switch (message.type) {
    case "run":
      return runBegun(message, state);
    case "proposeRunCompletion":
      return proposed(message, state);
    case "sleep":
      return sleepCommands(message, state);
    case "call":
      return callCommands(message, state);
    case "oneWayCall":
      return oneWayCommands(message, state);
    case "getLazyState":
    case "getLazyStateKeys":
    case "getEagerState":
    case "getEagerStateKeys":
    case "setState":
    case "clearState":
    case "clearAllState":
      return stateCommands(message, state);
    case "getPromise":
    case "peekPromise":
    case "completePromise":
      return promiseCommands(message, state);
    case "attachInvocation":
    case "getInvocationOutput":
      return attachCommands(message, state, known);
    case "sendSignal":
      return signalCommands(message, state);
    case "completeAwakeable":
      return awakeableCommands(message, state);
    case "output":
      return checkOutput(message.result);
    case "end":
    case "suspension":
    case "error":
    case "awaitingOn":
      return nothing;
    case "start":
    case "input":
    case "completion":
    case "signal":
    case "proposeRunCompletionAck":
      throw violation(
        `the endpoint sent a message of type ${message.type}, which only servers send`,
      );
    default:
      return unreachable(message);
  }
}

function checkOutput(result: Extract<Message, { readonly type: "output" }>["result"]) {
  if (result.type === "value") checkBytes("the result of the handler", result.value);
  else checkedFailure(result.failure);
  return nothing;
}
