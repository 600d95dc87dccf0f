/** Says what is wrong with whoever comes to the door, without letting them fill the log. */
import type { Env } from "@perdure/engine";

/** Kinds of complaints that are kept apart. */
const KINDS = 256;

export class Complaints {
  readonly #env: Pick<Env, "monotonic" | "log">;
  readonly #everyMs: number;
  readonly #saidAt = new Map<string, number>();

  constructor(env: Pick<Env, "monotonic" | "log">, everyMs: number) {
    this.#env = env;
    this.#everyMs = everyMs;
  }

  /** `about` and `message` together are said once in a while. */
  say(message: string, about: string, error?: Error): void {
    const now = this.#env.monotonic();
    const kind = `${message}\n${about}`;
    if (now - (this.#saidAt.get(kind) ?? -Infinity) < this.#everyMs) return;
    if (this.#saidAt.size >= KINDS) this.#saidAt.clear();
    this.#saidAt.set(kind, now);
    this.#env.log("warn", message, { node: about, ...(error === undefined ? {} : { error }) });
  }
}
