/** What waits are for. */
import type { KeyRef, RunId } from "../ids.ts";
import type { JsonObject, Payload } from "../payload.ts";

/**
 * What a wait is for. `signal` takes the oldest unconsumed signal of that name; `promise` is the
 * same for a name that only this wait has; `event` is matched by a topic.
 */
export type WaitFor =
  | { readonly type: "signal"; readonly name: string }
  | { readonly type: "promise"; readonly name: string }
  | KeyPromiseWait
  | RunWait
  | {
      readonly type: "event";
      readonly name: string;
      readonly match?: JsonObject;
      readonly lookBackMs?: number;
    };

/**
 * A promise of the run's business key, which any run under the key may settle, once. `value` waits
 * until it is settled. `peek` and `settle` are answered at once: a peek by the value, or by nothing;
 * `settle` by nothing, or by the failure `conflict` where it was settled before.
 */
export interface KeyPromiseWait {
  readonly type: "keyPromise";
  readonly name: string;
  readonly ask: "value" | "peek" | "settle";
  /** What it is settled with. */
  readonly payload?: Payload;
}

/**
 * Another run's end; `peek` is answered at once, by nothing where the run is open. With `key` alone
 * it is the current run under the key; with both also one whose start waits for its turn there.
 */
export interface RunWait {
  readonly type: "run";
  readonly ask: "outcome" | "peek";
  readonly runId?: RunId;
  readonly key?: KeyRef;
}

type Signalled = Extract<WaitFor, { type: "signal" | "promise" }>;

/** Is it resolved by a signal to the run itself? */
export function isSignalled(on: WaitFor): on is Signalled {
  return on.type === "signal" || on.type === "promise";
}

/** A promise is a wait for a signal that has a name of its own. */
export function signalNameOf(on: Signalled): string {
  return on.type === "promise" ? `promise:${on.name}` : on.name;
}

/** What is waited for, as people name it. */
export function nameOfWait(on: WaitFor): string {
  if (on.type !== "run") return on.name;
  return on.runId ?? (on.key ? `${on.key.kind} ${on.key.id}` : "");
}
