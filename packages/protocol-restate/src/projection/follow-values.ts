/** What an invocation's journal says of state that was read, and of runs that were begun. */
import type { Payload, RunEventOf } from "@perdure/kernel";
import type { ProtocolCommand, Result } from "../messages/messages.ts";
import { completed, foreign, keyIn, runOf, type Followed } from "./followed.ts";
import type { OperationKey } from "./operation-keys.ts";
import { isVoid, namesIn } from "./payloads.ts";
import type { JournalState } from "./state.ts";

type Record = RunEventOf<"value.recorded">;

const encoder = new TextEncoder();

export function followRecord(event: Record, state: JournalState): Followed {
  const key = keyIn(event, "began", "eager", "eagerKeys", "lazy", "lazyKeys");
  const { id, name } = key;
  switch (key.type) {
    case "began": {
      const { ordinal } = event;
      state.opened.set(id, "run");
      const known = state.runs.get(id);
      const isProposed = known?.isProposed ?? false;
      const maybeRan = known?.maybeRan ?? false;
      state.runs.set(id, { ordinal, name, maybeRan, isMarked: true, isProposed });
      return { command: runOf(id, name) };
    }
    case "eager":
      return { command: eager(name, event.value) };
    case "eagerKeys":
      return { command: { type: "getEagerStateKeys", keys: keysIn(event), name: "" } };
    case "lazy":
    case "lazyKeys":
      return lazy(event, key, state);
  }
}

function eager(name: string, value: Payload | undefined): ProtocolCommand {
  const isThere = value !== undefined && !isVoid(value);
  const result = isThere
    ? ({ type: "value", value: value.data } as const)
    : ({ type: "void" } as const);
  return { type: "getEagerState", key: encoder.encode(name), result, name: "" };
}

/** The answer is all that the journal has of the question. */
function lazy(event: Record, { type, id, name }: OperationKey, state: JournalState): Followed {
  const of = type === "lazyKeys" ? "getLazyStateKeys" : "getLazyState";
  state.opened.set(id, of);
  const result: Result =
    type === "lazyKeys"
      ? { type: "stateKeys", stateKeys: keysIn(event) }
      : event.value
        ? { type: "value", value: event.value.data }
        : { type: "void" };
  const command: ProtocolCommand =
    of === "getLazyStateKeys"
      ? { type: of, completionId: id, name: "" }
      : { type: of, key: encoder.encode(name), completionId: id, name: "" };
  return { command, notification: completed(state, event.seq, { of, id, result }) };
}

function keysIn(event: Record): readonly Uint8Array[] {
  const names = event.value === undefined ? [] : namesIn(event.value);
  return names?.map((name) => encoder.encode(name)) ?? foreign(event);
}
