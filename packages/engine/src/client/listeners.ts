/** Who waits for the end of a run, and who watches its events. Soft: they die with the node. */
import {
  ChurnMap,
  FailureCode,
  limits,
  PerdureError,
  type Outcome,
  type RunEvent,
  type RunId,
} from "@perdure/kernel";
import type { Env } from "../env.ts";

type Watcher = (events: readonly RunEvent[]) => void;

interface Waiter {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
}

export class Listeners {
  readonly #env: Env;
  readonly #waiters = new ChurnMap<RunId, Waiter[]>();
  readonly #watchers = new ChurnMap<RunId, Set<Watcher>>();
  /** Started, but waiting for their key's turn: there is no run yet, but its namespace. */
  readonly #expected = new Map<RunId, string>();
  readonly #isKnown: (runId: RunId) => boolean;

  constructor(env: Env, isKnown: (runId: RunId) => boolean) {
    this.#env = env;
    this.#isKnown = isKnown;
  }

  /** A start was answered; its run may be a while away. */
  expect(runId: RunId, namespace: string): void {
    if (!this.#isKnown(runId)) this.#expected.set(runId, namespace);
  }

  /** The namespace of a run that is a while away. */
  expectedIn(runId: RunId): string | undefined {
    return this.#expected.get(runId);
  }

  /** Of a run that is open, as far as is durable. */
  outcome(runId: RunId): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(runId);
      if (waiters) waiters.push({ resolve, reject });
      else this.#waiters.set(runId, [{ resolve, reject }]);
    });
  }

  /** A start that waited for its turn was taken back. */
  dropped(runId: RunId): void {
    this.#expected.delete(runId);
    const message = "the start was cancelled before its turn came";
    const failure = { code: FailureCode.cancelled, message };
    this.closed(runId, { status: "cancelled", failure });
  }

  closed(runId: RunId, outcome: Outcome): void {
    const waiters = this.#waiters.get(runId);
    if (waiters === undefined) return;
    this.#waiters.delete(runId);
    for (const { resolve } of waiters) resolve(outcome);
  }

  watch(runId: RunId, watcher: Watcher): () => void {
    let watchers = this.#watchers.get(runId);
    if (watchers === undefined) {
      watchers = new Set();
      this.#watchers.set(runId, watchers);
    }
    if (watchers.size >= limits.runWatchers) {
      const text = `${limits.runWatchers} listeners watch this run: stop one of them first.`;
      throw new PerdureError("overloaded", text);
    }
    // The same function may watch twice and stop once.
    const own: Watcher = (events) => watcher(events);
    watchers.add(own);
    return () => {
      watchers.delete(own);
      if (watchers.size === 0) this.#watchers.delete(runId);
    };
  }

  events(runId: RunId, events: readonly RunEvent[]): void {
    if (this.#expected.size > 0) this.#expected.delete(runId);
    if (this.#watchers.size === 0) return;
    for (const watcher of this.#watchers.get(runId) ?? []) {
      try {
        watcher(events);
      } catch (error) {
        this.#env.log("error", "a listener of watch() failed", { runId, error });
      }
    }
  }

  /** These runs are no longer here: whoever waits asks where they are. */
  fail(isGone: (runId: RunId) => boolean, error: PerdureError): void {
    for (const [runId, waiters] of this.#waiters) {
      if (!isGone(runId)) continue;
      this.#waiters.delete(runId);
      for (const { reject } of waiters) reject(error);
    }
    for (const runId of this.#expected.keys()) if (isGone(runId)) this.#expected.delete(runId);
  }

  failAll(error: PerdureError): void {
    for (const waiters of this.#waiters.values()) {
      for (const { reject } of waiters) reject(error);
    }
    this.#waiters.clear();
    this.#watchers.clear();
  }
}
