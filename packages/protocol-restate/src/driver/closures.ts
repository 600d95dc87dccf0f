/** Closures of `ctx.run` that have begun and not ended, and what the code waits for, as far as it tells. */
import type { Env } from "@perdure/engine";
import type { Future, Message } from "../messages/messages.ts";

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
  /** Since version 7 the SDK says what it waits for, and whether it is in one meanwhile. */
  #awaited: { readonly future: Future; readonly since: number } | undefined;

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
    else if (message.type === "awaitingOn") {
      const { executingSideEffects, awaitingOn: future } = message;
      const since = this.#awaited?.since ?? this.#env.now();
      this.#awaited = executingSideEffects || future === undefined ? undefined : { future, since };
      return;
    } else return;
    this.#awaited = undefined;
  }

  /** Something that it may have waited for was sent to it. */
  told(): void {
    this.#awaited = undefined;
  }

  get awaited(): { readonly future: Future; readonly since: number } | undefined {
    return this.#awaited;
  }

  /** The one that has been running longest. */
  get longest(): Closure | undefined {
    if (this.#awaited !== undefined) return undefined;
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
