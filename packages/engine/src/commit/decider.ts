/**
 * Runs messages through their machines into a draft.
 *
 * D1  Messages are handled in the order of their arrival per stream; what a machine sends to a
 *     live stream of its own partition is handled in the same batch, right after it.
 * D2  Whatever else it sends goes through a link, and so to disk, before it is handled.
 * D3  One turn object serves all decisions: a machine must not keep it.
 */
import {
  invariant,
  machineOf,
  partitionOf,
  type Effect,
  type Envelope,
  type Message,
  type Position,
  type StreamId,
  type Turn,
} from "@perdure/kernel";
import { encodeMessage, type EventBody } from "@perdure/store";
import type { Env } from "../env.ts";
import { Fifo } from "../core/fifo.ts";
import { machineFor, type Machines } from "../core/machines.ts";
import { Live, LiveRun } from "../streams/live.ts";
import type { Partition } from "../streams/partition.ts";
import type { Draft } from "./draft.ts";
import type { Links } from "./link.ts";
import { callerOf } from "./requests.ts";

/** Sends to one's own partition that one message may lead to; more is a loop between machines. */
const MAX_HOPS = 1_000_000;

export function makeLive(machines: Machines, stream: StreamId, home: number): Live {
  const machine = machineFor(machines, stream);
  const state = machine.initial();
  return machineOf(stream) === "run"
    ? new LiveRun(stream, home, machine, state)
    : new Live(stream, home, machine, state);
}

/**
 * These begin a stream: a run id is drawn or derived for one start only, and messages are applied
 * exactly once, so there is nothing in the store to look for. Whoever names a run may ask again.
 */
export function beginsStream(message: Message): boolean {
  if (message.type === "run.start") return !message.isNamed;
  return message.type === "run.fork";
}

export class Decider implements Turn<Position, EventBody> {
  readonly #env: Env;
  readonly #machines: Machines;
  readonly #links: Links;
  readonly #partitions: number;
  readonly #local = new Fifo<Envelope>();
  #draft: Draft | undefined;
  #live: Live | undefined;
  #now = 0;
  at = 0;

  constructor(env: Env, machines: Machines, links: Links, partitions: number) {
    this.#env = env;
    this.#machines = machines;
    this.#links = links;
    this.#partitions = partitions;
  }

  begin(draft: Draft): void {
    this.#draft = draft;
    this.#now = this.#env.now();
  }

  end(): void {
    this.#draft?.seal();
    this.#draft = undefined;
    this.#live = undefined;
  }

  /** The live stream, made when the message begins it. */
  admit(partition: Partition, stream: StreamId, message: Message): Live | undefined {
    const live = partition.lives.get(stream);
    if (live !== undefined) return live;
    if (!beginsStream(message) || partition.detained.has(stream)) return undefined;
    const begun = makeLive(this.#machines, stream, partition.number);
    partition.lives.set(stream, begun);
    return begun;
  }

  /**
   * `isOwed`: the message came by a link, so if this batch is lost it comes again, and its caller
   * need not be told to.
   */
  handle(live: Live, message: Message, isOwed = false): void {
    const draft = this.#open();
    const caller = isOwed ? undefined : callerOf(message);
    if (caller !== undefined) draft.requests.push(caller);
    this.#decide(live, message);
    for (let hops = 0; ; hops++) {
      const envelope = this.#local.shift();
      if (envelope === undefined) return;
      invariant(hops < MAX_HOPS, `machines answer each other without end (${envelope.to})`);
      const target = this.#reach(draft.partition, envelope);
      if (target === undefined) this.#send(draft, draft.partition.number, envelope);
      else this.#decide(target, envelope.message);
    }
  }

  get state(): Position {
    return this.#current().state;
  }

  emit(body: EventBody): void {
    const live = this.#current();
    const event = { seq: live.state.seq + 1, at: live.at, ...body };
    // A fork's copied past has its own times, which may be ahead of this clock.
    live.at = Math.max(live.at, event.at);
    live.machine.evolve(live.state, event);
    this.#open().append(live, event);
  }

  effect(effect: Effect): void {
    const draft = this.#open();
    if (effect.type !== "send") {
      draft.effects.push(effect);
      draft.sources.push(this.#current());
      return;
    }
    const home = partitionOf(effect.to, this.#partitions);
    if (home === draft.partition.number) this.#local.push(effect);
    else this.#send(draft, home, effect);
  }

  #decide(live: Live, message: Message): void {
    const draft = this.#open();
    this.#live = live;
    this.at = live.at = Math.max(this.#now, live.at);
    draft.touch(live);
    draft.messages++;
    const isNew = live.state.seq === 0;
    live.machine.decide(this, message);
    // Its code may have been in the middle of something elsewhere.
    if (isNew && message.type === "run.import" && live instanceof LiveRun && live.isUnderWay) {
      live.lostAt = live.run.seq;
    }
  }

  /** A target to talk to at once, if nothing sent to it earlier is still on its way. */
  #reach(partition: Partition, envelope: Envelope): Live | undefined {
    const self = this.#links.between(partition.number, partition.number);
    if (!self.isDrained || partition.broken.has(envelope.to)) return undefined;
    return this.admit(partition, envelope.to, envelope.message);
  }

  #send(draft: Draft, to: number, { to: stream, message }: Envelope): void {
    const envelope = { to: stream, message };
    const seq = this.#links.between(draft.partition.number, to).send(envelope);
    draft.outbox.push({ to, seq, data: encodeMessage(envelope) });
  }

  #open(): Draft {
    invariant(this.#draft, "a machine decided outside a batch");
    return this.#draft;
  }

  #current(): Live {
    invariant(this.#live, "a machine decided outside a batch");
    return this.#live;
  }
}
