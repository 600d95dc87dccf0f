/**
 * A call with an idempotency key names its run, so that whoever asks with the same key finds it,
 * and nothing but the run itself is kept.
 */
import { namedRunId, slotOfKey, slotOfText, type KeyRef, type RunId } from "@perdure/kernel";

export interface IdempotentCall {
  readonly namespace: string;
  readonly service: string;
  /** Of an object or a workflow. */
  readonly key?: KeyRef;
  readonly handler: string;
  readonly idempotencyKey: string;
}

export function idempotentRunId(call: IdempotentCall): RunId {
  const { namespace, service, key, handler, idempotencyKey } = call;
  const origin = JSON.stringify([namespace, service, key?.id ?? null, handler, idempotencyKey]);
  return namedRunId(key ? slotOfKey(key) : slotOfText(origin), origin);
}
