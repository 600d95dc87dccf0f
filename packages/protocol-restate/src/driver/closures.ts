/** Closures of `ctx.run` that have begun and not ended, as far as messages tell. */
import type { Env } from "@perdure/engine";
import type { Message } from "../messages/messages.ts";

export interface Closure {
  readonly name: string;
  /** Ms since epoch, and how long ago that is. */
  readonly since: number;
  readonly sinceMs: number;
}

interface Begun {
  readonly name: string;
  readonly at: number;
  readonly since: number;
}

export class Closures {
  readonly #env: Env;
  readonly #open = new Map<number, Begun>();
  /** Since version 7 the SDK says whether it is in one while it waits. */
  #isWaiting = false;

  /** `replayed`: what the SDK was told at first: closures without an outcome are run again. */
  constructor(env: Env, replayed: readonly Message[]) {
    this.#env = env;
    for (const message of replayed) {
      if (message.type === "run") this.#begin(message);
      else if (message.type === "completion" && message.of === "run") {
        this.#open.delete(message.completionId);
      }
    }
  }

  heard(message: Message): void {
    if (message.type === "run") this.#begin(message);
    else if (message.type === "proposeRunCompletion") this.#open.delete(message.completionId);
    else if (message.type === "awaitingOn") this.#isWaiting = !message.executingSideEffects;
    else return;
    if (message.type !== "awaitingOn") this.#isWaiting = false;
  }

  /** The one that has been running longest. */
  get longest(): Closure | undefined {
    if (this.#isWaiting) return undefined;
    for (const { name, at, since } of this.#open.values()) {
      return { name, since, sinceMs: this.#env.monotonic() - at };
    }
    return undefined;
  }

  #begin({ completionId, name }: { readonly completionId: number; readonly name: string }): void {
    const at = this.#env.monotonic();
    const since = this.#env.now();
    this.#open.set(completionId, { name: name === "" ? "run" : name, at, since });
  }
}
