/** The operations of a run that the code has asked for and has not been told the outcome of. */
import type { RunEvent } from "@perdure/kernel";
import { FewMap } from "./few-map.ts";
import type { InProgress, OpenOperation } from "./operation.ts";

export class Operations {
  readonly #open = new FewMap<OpenOperation>();
  /** Made by the first operation: many runs have none. */
  #occurrences: Map<string, number> | undefined;

  /** A key that no other operation of the run has. */
  keyFor(name: string): string {
    this.#occurrences ??= new Map();
    const occurrence = (this.#occurrences.get(name) ?? 0) + 1;
    this.#occurrences.set(name, occurrence);
    return occurrence === 1 ? name : `${name}#${occurrence}`;
  }

  open(key: string, operation: OpenOperation): void {
    this.#open.set(key, operation);
  }

  close(key: string): void {
    this.#open.delete(key);
  }

  /** True when the code may go on. */
  apply(key: string, event: RunEvent): boolean {
    return this.#open.get(key)?.apply(event) ?? false;
  }

  /** As they are now, in the order they were asked for. */
  all(): readonly OpenOperation[] {
    return this.#open.values();
  }

  /** The local step that has been running longest. */
  get inProgress(): InProgress | undefined {
    return this.all().find(({ inProgress }) => inProgress !== undefined)?.inProgress;
  }
}
