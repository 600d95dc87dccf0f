/** What all kinds of events have in common when Restate's protocol tells of them. */
import { PerdureError, type RunEvent } from "@perdure/kernel";
import type { Completion, Notification, ProtocolCommand } from "../messages/messages.ts";
import { parseOperationKey, type OperationKey, type OperationType } from "./operation-keys.ts";
import type { JournalState } from "./state.ts";

export interface Followed {
  readonly command?: ProtocolCommand;
  readonly notification?: Notification;
}

/** The journal holds what no invocation of Restate's writes. */
export function foreign(event: RunEvent): never {
  const what = "key" in event && event.key !== undefined ? ` "${event.key}"` : "";
  throw new PerdureError(
    "invalid-argument",
    `event ${event.seq} of the journal (${event.kind}${what}) is none that a Restate service writes: another kind of worker had this run; end it, or fork it at an event before`,
  );
}

/** The key of an event that is of one of these types, or a foreign event. */
export function keyIn<T extends OperationType>(
  event: RunEvent & { readonly key: string },
  ...types: readonly T[]
): OperationKey & { readonly type: T } {
  const key = parseOperationKey(event.key);
  if (key === undefined || !isOneOf(key, types)) return foreign(event);
  return key;
}

function isOneOf<T extends OperationType>(
  key: OperationKey,
  types: readonly T[],
): key is OperationKey & { readonly type: T } {
  return types.some((type) => type === key.type);
}

export function runOf(completionId: number, name: string): ProtocolCommand {
  return { type: "run", completionId, name };
}

/** The notification of a result, which is known from now on. */
export function completed(
  state: JournalState,
  seq: number,
  { of, id, result }: Pick<Completion, "of" | "result"> & { readonly id: number },
): Notification {
  state.completions.set(id, { seq, isFailure: result.type === "failure" });
  return { type: "completion", of, completionId: id, result };
}

export function forgetWait(state: JournalState, key: string): void {
  for (const [name, open] of state.waits) if (open === key) state.waits.delete(name);
}
