/**
 * Callers that wait for the end of invocations. Those of one invocation wait for one promise of the
 * engine's, so that a client that comes back a thousand times costs one waiter.
 *
 * W1  Only callers of one namespace share a wait: the first has been shown to be of the run's.
 * W2  Whoever leaves ends their own waiting and nothing else.
 */
import { FailureCode, PerdureError, type Outcome, type RunId } from "@perdure/kernel";
import { invocationId } from "../../ids/invocation-id.ts";
import { refusal, refusedWith } from "./answers.ts";
import type { DoorAsk } from "./door.ts";
import type { DoorAnswer } from "./door-answer.ts";
import type { DoorCaller } from "./door-caller.ts";

const cancelledBeforeItsTurn: Outcome = {
  status: "cancelled",
  failure: { code: FailureCode.cancelled, message: "cancelled before its turn" },
};

export class Waits {
  readonly #waits = new Map<string, Promise<Outcome>>();

  /** Undefined: the caller has gone. */
  async end(
    { engine, namespace }: DoorCaller,
    runId: RunId,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> {
    if (signal.aborted) return undefined;
    const gone = Promise.withResolvers<undefined>();
    const leave = (): void => gone.resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([this.#of(namespace, runId, engine), gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #of(namespace: string, runId: RunId, engine: DoorCaller["engine"]): Promise<Outcome> {
    const name = `${namespace}/${runId}`;
    const known = this.#waits.get(name);
    if (known !== undefined) return known;
    const wait = engine.outcome(runId).finally(() => this.#waits.delete(name));
    this.#waits.set(name, wait);
    // Whoever waits is told; when nobody does any more, nobody needs to be.
    wait.catch(() => undefined);
    return wait;
  }
}

/**
 * An answer: there is nobody to tell, or the wait was ended from here.
 *
 * `isKnown`: there was such an invocation when the wait began. One that is gone before its turn has
 * been cancelled, and left nothing.
 */
export async function waitFor(
  { waits }: { readonly waits: Waits },
  { request, caller }: DoorAsk,
  runId: RunId,
  isKnown: boolean,
): Promise<Outcome | DoorAnswer> {
  const stay = caller.stay?.() ?? { signal: request.signal, leave: () => undefined };
  try {
    const outcome = await waits.end(caller, runId, stay.signal);
    if (outcome !== undefined) return outcome;
    const reason: unknown = stay.signal.reason;
    if (reason instanceof PerdureError) return refusal(reason);
    const text = "The wait was ended, the invocation goes on: attach to it by its id.";
    return refusedWith(503, text, { "x-restate-id": invocationId(runId), "retry-after": "1" });
  } catch (error) {
    const isGone = error instanceof PerdureError && error.code === "not-found";
    if (isKnown && isGone) return cancelledBeforeItsTurn;
    throw error;
  } finally {
    stay.leave();
  }
}

/** How an invocation ended has no header. */
export function isAnswer(ended: Outcome | DoorAnswer): ended is DoorAnswer {
  return "headers" in ended;
}
