/**
 * `key.promise`: values that runs under the key settle once, and wait for. Who asks is answered by
 * `wait.match`, which a run that is over by then does not hear.
 */
import { limits } from "../../../limits.ts";
import type { Failure } from "../../../failure.ts";
import { runStream } from "../../../ids.ts";
import type { OperationRef } from "../../../events/run-events.ts";
import type { Payload } from "../../../payload.ts";
import type { KeyMessageOf, KeyTurn } from "../state.ts";

type Ask = KeyMessageOf<"key.promise">;

export function promise(turn: KeyTurn, message: Ask): void {
  const { name, ask, wait } = message;
  const known = turn.state.promises.get(name);
  const value = known?.value;
  if (ask === "settle") return settle(turn, message);
  if (value !== undefined || ask === "peek") {
    return answer(turn, wait, value === undefined ? {} : { payload: value });
  }
  if (known?.waits.some((one) => one.runId === wait.runId && one.key === wait.key)) return;
  const refusal = full(turn, name, known?.waits.length ?? 0);
  if (refusal !== undefined) return answer(turn, wait, { failure: refusal });
  turn.emit({ kind: "key.awaited", name, wait });
}

function settle(turn: KeyTurn, { name, payload, wait }: Ask): void {
  const known = turn.state.promises.get(name);
  if (known?.value !== undefined) {
    const message = `The promise "${name}" was settled before: it keeps its value.`;
    return answer(turn, wait, { failure: { code: "conflict", message, retryable: false } });
  }
  const refusal = known === undefined ? full(turn, name, 0) : undefined;
  if (refusal !== undefined) return answer(turn, wait, { failure: refusal });
  const value = payload ?? nothing;
  turn.emit({ kind: "key.settled", name, payload: value });
  for (const waiting of known?.waits ?? []) answer(turn, waiting, { payload: value });
  answer(turn, wait, {});
}

const nothing: Payload = { encoding: "json", data: new Uint8Array(0) };

function full({ state }: KeyTurn, name: string, waits: number): Failure | undefined {
  const isTooMany = !state.promises.has(name) && state.promises.size >= limits.keyPromises;
  if (!isTooMany && waits < limits.keyListeners) return undefined;
  const message = isTooMany
    ? `The key has ${limits.keyPromises} promises: use fewer names.`
    : `${limits.keyListeners} runs wait for the promise "${name}": settle it.`;
  return { code: "limit-exceeded", message, retryable: false };
}

function answer(
  turn: KeyTurn,
  { runId, key }: OperationRef,
  result: { readonly payload?: Payload; readonly failure?: Failure },
): void {
  turn.effect({
    type: "send",
    to: runStream(runId),
    message: { type: "wait.match", key, ...result },
  });
}
