/** Takes what has arrived at a partition and makes one batch of it. */
import { PerdureError, wantsActivation, type Message, type StreamId } from "@perdure/kernel";
import type { Live } from "../streams/live.ts";
import type { Loader } from "../streams/loader.ts";
import type { Item, Partition } from "../streams/partition.ts";
import type { Tidy } from "../streams/tidy.ts";
import type { Alarms } from "../time/alarms.ts";
import type { Calls } from "../workers/calls.ts";
import type { Hold } from "../workers/hold.ts";
import type { Leases } from "../workers/leases.ts";
import type { Decider } from "./decider.ts";
import { Draft } from "./draft.ts";
import type { Link } from "./link.ts";
import { callerOf, type Requests } from "./requests.ts";

export interface BuilderParts {
  readonly decider: Decider;
  readonly loader: Loader;
  readonly requests: Requests;
  readonly alarms: Alarms;
  readonly leases: Leases;
  readonly calls: Calls;
  readonly tidy: Tidy;
}

export class Builder {
  readonly #parts: BuilderParts;
  #lastMark = 0;

  constructor(parts: BuilderParts) {
    this.#parts = parts;
  }

  readonly build = (partition: Partition): Draft => {
    const { decider, alarms, leases, tidy } = this.#parts;
    const draft = new Draft(partition, ++this.#lastMark);
    decider.begin(draft);
    this.#drain(draft, partition.resumed);
    for (const link of partition.incoming) this.#receive(draft, link);
    this.#drain(draft, partition.queue);
    for (const live of draft.touched) alarms.set(live, live.machine.wakeAt(live.state));
    decider.end();
    for (const hold of draft.over) leases.over(hold);
    tidy.look(partition);
    return draft;
  };

  /** Some of the housekeeping that is due in the database. */
  readonly tidy = (database: number): Draft[] => {
    return this.#parts.tidy.some(database, (partition) => new Draft(partition, ++this.#lastMark));
  };

  /** Could another batch be made at once? */
  readonly hasMore = (partition: Partition): boolean =>
    partition.queue.length + partition.resumed.length > 0 ||
    partition.incoming.some((link) => {
      const next = link.peek();
      return next !== undefined && !partition.detained.has(next.to);
    });

  #drain(draft: Draft, items: Partition["queue"]): void {
    while (!draft.isFull) {
      const item = items.shift();
      if (item === undefined) return;
      this.#accept(draft, item);
    }
  }

  #accept(draft: Draft, item: Item): void {
    const { decider, loader } = this.#parts;
    const { partition } = draft;
    const { stream, message, hold } = item;
    if (hold !== undefined) {
      if (this.#counts(item)) this.#answer(draft, hold, message);
      return;
    }
    const live = decider.admit(partition, stream, message);
    if (live !== undefined) return decider.handle(live, message);
    if (!partition.broken.has(stream)) return loader.detain(partition, item);
    this.#refuse(partition, stream, message);
  }

  /** The stream cannot be read: whoever asks is told why. */
  #refuse(partition: Partition, stream: StreamId, message: Message): void {
    const broken = partition.broken.get(stream);
    const caller = callerOf(message);
    if (broken && caller !== undefined) this.#parts.requests.fail(caller, broken);
  }

  /** An answer under a hold that has ended changes nothing (W2). */
  #counts({ hold, message }: Item): boolean {
    const { leases, calls } = this.#parts;
    if (hold === undefined || !leases.admits(hold)) return false;
    const failure = message.type === "run.answer" ? message.answer.failure : undefined;
    if (failure === undefined || wantsActivation(hold.live.run)) return true;
    // It was only replayed to answer a call: nothing to journal.
    const text = `The run's code could not be replayed: ${failure.message}`;
    calls.failAll(hold.live, new PerdureError("query-failed", text));
    leases.end(hold);
    return false;
  }

  #answer(draft: Draft, hold: Hold, message: Message): void {
    const { live } = hold;
    const failures = live.run.activationFailures;
    this.#parts.decider.handle(live, message);
    if (live.run.activationFailures > failures) this.#parts.leases.failed(hold);
    else if (live.run.outcome !== undefined) draft.over.push(hold);
  }

  /** Messages of one partition are applied in the order it sent them; the first may have to wait. */
  #receive(draft: Draft, link: Link): void {
    const { decider, loader } = this.#parts;
    const { partition } = draft;
    while (!draft.isFull) {
      const envelope = link.peek();
      if (envelope === undefined) return;
      let live: Live | undefined;
      if (!partition.broken.has(envelope.to)) {
        live = decider.admit(partition, envelope.to, envelope.message);
        if (live === undefined) return loader.summon(partition, envelope.to);
      }
      link.take();
      draft.incoming.add(link);
      if (live !== undefined) decider.handle(live, envelope.message, true);
      else this.#refuse(partition, envelope.to, envelope.message);
    }
  }
}
