/**
 * Whoever was let in and stays (live streams, long polls, workers' sockets) is looked at again: a
 * credential can be revoked or replaced, or its time can be up.
 *
 * V1  What came with a credential that is no longer good is ended within `everyMs` and one check.
 * V2  A check that cannot be made now, because the store is busy, ends nothing.
 * V3  A credential is checked once a round, however many streams came with it.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Authenticator, Header } from "./authenticate.ts";

export interface VigilParts {
  readonly env: Env;
  readonly authenticator: Authenticator;
  readonly everyMs: number;
}

interface Watched {
  readonly header: Header;
  readonly ends: Set<(reason: PerdureError) => void>;
}

export class Vigil {
  readonly #parts: VigilParts;
  readonly #watched = new Map<string, Watched>();
  #cancel: (() => void) | undefined;

  constructor(parts: VigilParts) {
    this.#parts = parts;
  }

  /** `header` is the request's. Calls `end` once at most; the result stops looking. */
  watch(header: Header, end: (reason: PerdureError) => void): () => void {
    const credential = `${header("authorization") ?? ""}\n${header("perdure-namespace") ?? ""}`;
    const watched = this.#watched.get(credential) ?? { header, ends: new Set() };
    this.#watched.set(credential, watched);
    // Two that stay may hand in the same function.
    const own = (reason: PerdureError): void => end(reason);
    watched.ends.add(own);
    this.#cancel ??= this.#later();
    return () => {
      watched.ends.delete(own);
      if (watched.ends.size > 0 || this.#watched.get(credential) !== watched) return;
      this.#watched.delete(credential);
      if (this.#watched.size > 0) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  #later(): () => void {
    const { env, everyMs } = this.#parts;
    return env.after(everyMs, () => void this.#round());
  }

  async #round(): Promise<void> {
    await Promise.all([...this.#watched.entries()].map((entry) => this.#check(...entry)));
    this.#cancel = this.#watched.size > 0 ? this.#later() : undefined;
  }

  async #check(credential: string, watched: Watched): Promise<void> {
    try {
      await this.#parts.authenticator.authenticate(watched.header);
    } catch (error) {
      if (!isRefusal(error)) return;
      if (this.#watched.get(credential) === watched) this.#watched.delete(credential);
      for (const end of watched.ends) end(error);
    }
  }
}

/** Trying again with the same credential is no use. */
export function isRefusal(error: unknown): error is PerdureError {
  if (!(error instanceof PerdureError)) return false;
  return error.code === "unauthenticated" || error.code === "forbidden";
}
