/** The events that a fiber has been given, in the order of the journal, until they are applied. */
import type { RunEvent } from "@perdure/kernel";

const none: RunEvent[] = [];

export class Feed {
  /** The last event taken. */
  applied = 0;
  #events = none;
  /** Events at the front of the array that are taken already. */
  #gone = 0;

  get isEmpty(): boolean {
    return this.#events === none;
  }

  add(events: readonly RunEvent[]): void {
    if (events.length === 0) return;
    // Nearly always one slice is used up before the next comes: then it is as long as it has to be.
    if (this.isEmpty) this.#events = events.slice();
    else for (const event of events) this.#events.push(event);
  }

  take(): RunEvent | undefined {
    const event = this.#events[this.#gone];
    if (event === undefined) return undefined;
    this.applied = event.seq;
    this.#gone += 1;
    if (this.#gone === this.#events.length) {
      this.#events = none;
      this.#gone = 0;
    }
    return event;
  }
}
