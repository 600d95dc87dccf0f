/**
 * Following runs from node to node. It asks whoever has the run for what comes after the last event
 * it has passed on, so nothing is missing and nothing comes twice, however often the run moves.
 */
import { isClosing, limits, PerdureError, type RunEvent, type RunId } from "@perdure/kernel";
import { checkRunId } from "../client/desk.ts";
import type { Env } from "../env.ts";
import type { Router } from "./router.ts";

type Listener = (events: readonly RunEvent[]) => void;

export class Watching {
  readonly #env: Env;
  readonly #router: Router;
  readonly #watches = new Map<RunId, Set<Listener>>();
  #isStopped = false;

  constructor(env: Env, router: Router) {
    this.#env = env;
    this.#router = router;
  }

  /** What comes from now on, to be exact: from when the run's owner hears of it. */
  watch(runId: RunId, listener: Listener): () => void {
    checkRunId(runId);
    const watches = this.#watches.get(runId) ?? new Set();
    if (watches.size >= limits.runWatchers) {
      const text = `${limits.runWatchers} listeners watch this run: stop one of them first.`;
      throw new PerdureError("overloaded", text);
    }
    this.#watches.set(runId, watches);
    // The same function may watch twice and stop once.
    const own: Listener = (events) => listener(events);
    watches.add(own);
    const stop = (): void => {
      watches.delete(own);
      if (watches.size === 0 && this.#watches.get(runId) === watches) this.#watches.delete(runId);
    };
    void this.#follow(runId, own, () => watches.has(own) && !this.#isStopped).finally(stop);
    return stop;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #follow(runId: RunId, listener: Listener, isWanted: () => boolean): Promise<void> {
    let seq: number | undefined;
    let isTroubled = false;
    while (isWanted()) {
      try {
        const followed = await this.#router.route(undefined, "follow", [runId, seq]);
        isTroubled = false;
        if (!isWanted()) return;
        ({ seq } = followed);
        if (followed.events.length > 0) this.#tell(runId, listener, followed.events);
        const last = followed.events.at(-1);
        if (followed.isOver || (last !== undefined && isClosing(last.kind))) return;
      } catch (error) {
        if (!isTroubled)
          this.#env.log("warn", "a run that is watched cannot be followed", { runId, error });
        isTroubled = true;
        await this.#router.next();
      }
    }
  }

  #tell(runId: RunId, listener: Listener, events: readonly RunEvent[]): void {
    try {
      listener(events);
    } catch (error) {
      this.#env.log("error", "a listener of watch() failed", { runId, error });
    }
  }
}
