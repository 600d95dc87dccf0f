/** What a batch causes, carried out when it is durable (invariant 1). It decides nothing. */
import { unreachable, type RunEvent } from "@perdure/kernel";
import { LiveRun } from "../streams/live.ts";
import type { MailCarrier } from "../nodes/mail-carrier.ts";
import type { Partition } from "../streams/partition.ts";
import type { Tidy } from "../streams/tidy.ts";
import type { Calls } from "../workers/calls.ts";
import type { Leases } from "../workers/leases.ts";
import type { Tasks } from "../workers/tasks.ts";
import type { Listeners } from "../client/listeners.ts";
import type { Draft, LateEffect, Slice } from "./draft.ts";
import type { Links } from "./link.ts";
import type { Requests } from "./requests.ts";

/** Events that change what lists show. */
const listed: ReadonlySet<string> = new Set([
  "run.started",
  "run.forked",
  "run.paused",
  "run.resumed",
  "attributes.upserted",
  "activation.pinned",
]);

export interface ReleaserParts {
  readonly partitions: readonly Partition[];
  readonly links: Links;
  readonly requests: Requests;
  readonly leases: Leases;
  readonly tasks: Tasks;
  readonly calls: Calls;
  readonly listeners: Listeners;
  readonly tidy: Tidy;
  readonly ready: (partition: Partition) => void;
  /** Between this node and others; undefined: there are none. */
  readonly carrier: MailCarrier | undefined;
}

export class Releaser {
  readonly #parts: ReleaserParts;

  constructor(parts: ReleaserParts) {
    this.#parts = parts;
  }

  readonly release = (draft: Draft): void => {
    const { tidy, leases } = this.#parts;
    for (const slice of draft.slices) this.#slice(draft, slice);
    this.#messages(draft);
    for (let i = 0; i < draft.effects.length; i++) {
      const effect = draft.effects[i];
      const live = draft.sources[i];
      if (effect !== undefined) this.#effect(live instanceof LiveRun ? live : undefined, effect);
    }
    for (const live of draft.touched) {
      if (!(live instanceof LiveRun)) continue;
      if (live.hold?.hasFailed) leases.end(live.hold);
      else leases.touch(live);
    }
    tidy.released(draft);
  };

  #slice(draft: Draft, { live, from, decoded }: Slice): void {
    live.durable = from + decoded.length - 1;
    if (!(live instanceof LiveRun)) return this.#dropped(decoded);
    const { listeners, calls, leases, tidy } = this.#parts;
    const events = decoded as readonly RunEvent[] as RunEvent[];
    listeners.events(live.runId, events);
    // The holder first: what calls set free may find the run another one.
    leases.deliver(live, events);
    calls.released(live, events);
    if (events.some(({ kind }) => listed.has(kind))) tidy.unlisted(draft.partition, live);
  }

  #dropped(events: Slice["decoded"]): void {
    for (const event of events) {
      if (event.kind === "key.dropped") this.#parts.listeners.dropped(event.runId);
    }
  }

  #messages(draft: Draft): void {
    const { links, partitions, ready, carrier } = this.#parts;
    const { number } = draft.partition;
    for (const { to, seq } of draft.outbox) {
      const link = links.between(number, to);
      link.release(seq);
      const receiver = partitions[to];
      if (receiver) ready(receiver);
      carrier?.released(link);
    }
    carrier?.carry();
    for (const { from, seq } of draft.marks) {
      const link = links.between(from, number);
      link.ack(seq);
      carrier?.acked(link);
    }
  }

  #effect(live: LiveRun | undefined, effect: LateEffect): void {
    const { requests, tasks, listeners, tidy, partitions } = this.#parts;
    if (effect.type === "reply") return requests.answer(effect.request, effect.reply);
    if (live === undefined) return;
    switch (effect.type) {
      case "offer":
        return tasks.offer(live, effect.key, effect.attempt);
      case "withdraw":
        return tasks.withdraw(live.runId, effect.key, effect.attempt);
      case "closed": {
        listeners.closed(live.runId, effect.outcome);
        const home = partitions[live.home];
        if (home === undefined) return;
        tidy.unlisted(home, live);
        return tidy.cooling(home, live);
      }
      default:
        return unreachable(effect);
    }
  }
}
