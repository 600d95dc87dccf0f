/** What all messages have in common when they become commands: ordinals, ids, keys. */
import { limits, type Command, type Payload } from "@perdure/kernel";
import type { CompletionOf, ValueOrFailure } from "../messages/messages.ts";
import { failureOf } from "./failures.ts";
import { isTooLong, operationKey, type OperationType } from "./operation-keys.ts";
import { payloadOf } from "./payloads.ts";
import { checkBytes, tooLong, violation } from "./refusals.ts";
import type { JournalState } from "./state.ts";

const marker: Payload = { encoding: "json", data: new Uint8Array(0) };

/** J2 */
export function open(state: JournalState, id: number, of: CompletionOf): void {
  if (state.opened.has(id)) {
    throw violation(`the completion id ${id} was used before: ids are used once in an invocation`);
  }
  state.opened.set(id, of);
}

/** J1: markers for the runs that were begun below this ordinal, as far as they have none. */
export function markersBelow(state: JournalState, ordinal: number): Command[] {
  const markers: Command[] = [];
  for (const [id, run] of state.runs) {
    if (run.isMarked || run.isProposed || run.ordinal >= ordinal) continue;
    run.isMarked = true;
    const key = keyFor("began", [id], run.name);
    markers.push({ type: "value.record", key, ordinal: run.ordinal, value: marker });
  }
  return markers;
}

/** For a key that is checked before anything changes. */
export function upcomingOrdinal({ ordinal }: JournalState): number {
  return ordinal + 1;
}

/** J3: after all checks. The markers go before the command that takes the ordinal. */
export function nextOrdinal(state: JournalState): {
  readonly ordinal: number;
  readonly markers: readonly Command[];
} {
  state.ordinal += 1;
  return { ordinal: state.ordinal, markers: markersBelow(state, state.ordinal) };
}

export function keyFor(type: OperationType, ids: readonly number[], name: string): string {
  const key = operationKey(type, ids, name);
  if (isTooLong(key)) throw tooLong(`the name of a ${type}`, key.length, limits.idChars);
  return key;
}

export function checkedPayload(what: string, bytes: Uint8Array): Payload {
  checkBytes(what, bytes);
  return payloadOf(bytes);
}

/** A result in place of a payload or a failure; neither is nothing. */
export function settled(
  what: string,
  result: ValueOrFailure,
): { readonly payload: Payload } | { readonly failure: ReturnType<typeof failureOf> } {
  return result.type === "value"
    ? { payload: checkedPayload(what, result.value) }
    : { failure: checkedFailure(result.failure) };
}

export function checkedFailure(
  failure: Parameters<typeof failureOf>[0],
): ReturnType<typeof failureOf> {
  const chars = failure.message.length;
  if (chars > limits.failureMessageChars) {
    throw tooLong("the message of a failure", chars, limits.failureMessageChars);
  }
  const known = failureOf(failure);
  if (known.details) checkBytes("the metadata of a failure", known.details.data);
  return known;
}
