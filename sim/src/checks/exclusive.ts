/** An exclusive key has one open run at a time, in the order in which they are on disk. */
import type { KeyRef, RunEvent, RunId } from "@perdure/kernel";

const ends = /^run\.(completed|failed|cancelled|terminated|timedOut|continued)$/;

export class ExclusiveKeys {
  /** Open runs under exclusive keys. */
  readonly #holders = new Map<string, RunId>();
  readonly #keys = new Map<RunId, string>();

  /** What is wrong, if the run's event may not happen now. */
  next(runId: RunId, event: RunEvent): string | undefined {
    if (event.kind === "run.started" && event.spec.mode === "exclusive" && event.spec.key) {
      return this.#take(nameOf(event.spec.key), runId);
    }
    const key = ends.test(event.kind) ? this.#keys.get(runId) : undefined;
    if (key !== undefined && this.#holders.get(key) === runId) this.#holders.delete(key);
    return undefined;
  }

  #take(key: string, runId: RunId): string | undefined {
    const holder = this.#holders.get(key);
    this.#holders.set(key, runId);
    this.#keys.set(runId, key);
    return holder && `${runId} has begun under ${key}, which ${holder} still has`;
  }
}

function nameOf({ namespace, kind, id }: KeyRef): string {
  return `${namespace}/${kind}/${id}`;
}
