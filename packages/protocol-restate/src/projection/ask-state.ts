/** State of the invocation's key. */
import type { Command, Payload } from "@perdure/kernel";
import type { MessageOf, StateCommand } from "../messages/messages.ts";
import { checkedPayload, keyFor, nextOrdinal, open, upcomingOrdinal } from "./asking.ts";
import { namesPayload, voidPayload } from "./payloads.ts";
import { checkBytes, checkName, unsupported, violation, writesInShared } from "./refusals.ts";
import type { JournalState } from "./state.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function stateCommands(message: StateCommand, state: JournalState): readonly Command[] {
  const { serviceType, type } = state.context.handler;
  if (serviceType === "SERVICE") {
    throw violation("the code uses state in a plain service: only objects and workflows have it");
  }
  if (message.name !== "")
    throw unsupported("reads and writes of state have no names of their own");
  switch (message.type) {
    case "getLazyState":
    case "getLazyStateKeys":
      return lazy(message, state);
    case "getEagerState":
    case "getEagerStateKeys":
      return eager(message, state);
    case "setState":
    case "clearState":
    case "clearAllState":
      if (type === "SHARED") throw writesInShared("write state");
      return write(message, state);
  }
}

/** The kernel reads it, and the answer is written down. */
function lazy(
  message: MessageOf<"getLazyState" | "getLazyStateKeys">,
  state: JournalState,
): readonly Command[] {
  const { completionId: id } = message;
  const name = message.type === "getLazyState" ? stateName(message.key) : "";
  const key = keyFor(name === "" ? "lazyKeys" : "lazy", [id], name);
  open(state, id, message.type);
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "state.read", key, ordinal, name }];
}

/** The SDK knows the answer, and a replay must find it again. */
function eager(
  message: MessageOf<"getEagerState" | "getEagerStateKeys">,
  state: JournalState,
): readonly Command[] {
  const { key, value } = found(message, upcomingOrdinal(state));
  const { ordinal, markers } = nextOrdinal(state);
  return [...markers, { type: "value.record", key, ordinal, value }];
}

function found(
  message: MessageOf<"getEagerState" | "getEagerStateKeys">,
  ordinal: number,
): { readonly key: string; readonly value: Payload } {
  if (message.type === "getEagerStateKeys") {
    const names = namesPayload(message.keys.map(textOf));
    checkBytes("the list of all keys of state", names.data);
    return { key: keyFor("eagerKeys", [ordinal], ""), value: names };
  }
  const { key, result } = message;
  const value = result.type === "void" ? voidPayload : checkedPayload("state", result.value);
  return { key: keyFor("eager", [ordinal], stateName(key)), value };
}

function write(
  message: MessageOf<"setState" | "clearState" | "clearAllState">,
  state: JournalState,
): readonly Command[] {
  const name = message.type === "clearAllState" ? {} : { name: stateName(message.key) };
  const value = message.type === "setState" ? checkedPayload("state", message.value) : undefined;
  const { ordinal, markers } = nextOrdinal(state);
  if (name.name === undefined || value === undefined) {
    return [...markers, { type: "state.clear", ordinal, ...name }];
  }
  return [...markers, { type: "state.write", ordinal, name: name.name, value }];
}

function stateName(key: Uint8Array): string {
  const name = textOf(key);
  checkName("a key of state", name);
  return name;
}

function textOf(key: Uint8Array): string {
  try {
    return decoder.decode(key);
  } catch {
    throw unsupported("a key of state is not UTF-8: use text");
  }
}
