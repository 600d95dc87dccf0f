/**
 * Sends each verb to the node that has what it is about, and looks for that node while partitions
 * move. It decides nothing about runs.
 *
 * R1  A verb is done at most once unless twice is the same. `fenced` says that nothing was done, so
 *     it is asked again, of whoever has the partition then; so is whatever never left. What may
 *     have been done is asked again only where the table of ways says so.
 * R2  Looking takes at most `forwardMs`, counted anew when an answer was lost; after that the call
 *     is refused with `unavailable`.
 * R3  A call that is passed on carries no authority, only a name for the journal.
 */
import { partitionOf, PerdureError, type StreamId } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { Asked } from "./asking.ts";
import { Lookout, type Search } from "./lookout.ts";
import type { NodeVerbs } from "./node-verbs.ts";
import type { Owners } from "./owners.ts";
import { PeerLost, type PeerChannel } from "./peer-channel.ts";
import type { PeerTalk } from "./peers.ts";
import { ways, type Answer, type AnyVerb, type Args, type Routed, type Way } from "./ways.ts";

/** An answer that takes longer counts as lost; a wait for a long verb ends sooner. */
const ANSWER_MS = 30_000;
/** Answers that may be lost on the way of one call. */
const LOSSES = 8;

export interface RouterParts {
  readonly env: Env;
  readonly owners: Owners;
  readonly peers: PeerTalk;
  readonly partitions: number;
  /** What this node does itself, in somebody's name. */
  readonly own: (by?: string) => NodeVerbs;
  readonly forwardMs: number;
}

/** A node's id, or this one. */
export type Place = string;
export const HERE: Place = "here";

export class Router {
  readonly #parts: RouterParts;
  readonly #lookout: Lookout;

  constructor(parts: RouterParts) {
    const { env, owners, peers, forwardMs } = parts;
    this.#parts = parts;
    this.#lookout = new Lookout(env, owners, peers, forwardMs);
  }

  get partitions(): number {
    return this.#parts.partitions;
  }

  search(): Search {
    return this.#lookout.search();
  }

  /** When looking again may help. */
  next(): Promise<void> {
    return this.#lookout.next();
  }

  stop(): void {
    this.#lookout.stop();
  }

  /** Does it where the table has it; `at`: whoever asks knows better. */
  async route<V extends Routed>(
    by: string | undefined,
    verb: V,
    args: Args<V>,
    at?: StreamId,
  ): Promise<Answer<V>> {
    const way: Way<V> = ways[verb];
    const stream = at ?? way.home(...args);
    const { isRepeatable } = way;
    const mayRepeat = typeof isRepeatable === "function" ? isRepeatable(...args) : isRepeatable;
    const search = this.search();
    for (let tries = 0, losses = 0; ; tries++) {
      const place = stream === undefined ? this.anyPlace(tries) : this.placeOf(stream);
      try {
        if (place !== undefined) return await this.at(place, by, verb, args);
      } catch (error) {
        const isLost = this.#isLost(error, stream, place);
        if (isLost ? !mayRepeat || ++losses > LOSSES : !isUndone(error)) throw error;
        if (isLost) search.anew();
        // What was known of owners is old.
        else this.#parts.owners.look();
      }
      if (search.isOver && way.isOnDisk) return this.at(HERE, by, verb, args);
      await search.next();
    }
  }

  /** Nobody knows whether it was done: the answer was lost, or the partition moved meanwhile. */
  #isLost(error: unknown, stream: StreamId | undefined, place: Place | undefined): boolean {
    if (error instanceof PeerLost) return error.isSent;
    const isUnclear = error instanceof PerdureError && error.code === "unavailable";
    return isUnclear && stream !== undefined && this.placeOf(stream) !== place;
  }

  /** Who has the partition and can be asked now. */
  placeOf(stream: StreamId): Place | undefined {
    return this.placeOfPartition(partitionOf(stream, this.#parts.partitions));
  }

  placeOfPartition(partition: number): Place | undefined {
    const owner = this.#parts.owners.ownerOf(partition);
    if (owner === undefined) return undefined;
    if (owner === "here") return HERE;
    return this.channelTo(owner.id) && owner.id;
  }

  /** Somebody who has partitions: this node first, but not again when that was of no use. */
  anyPlace(tries = 0): Place | undefined {
    const { partitions, owners, env } = this.#parts;
    if (tries === 0) {
      for (let n = 0; n < partitions; n++) if (owners.isHere(n)) return HERE;
    }
    const all = Array.from({ length: partitions }, (_, n) => this.placeOfPartition(n));
    const places = all.filter((place) => place !== undefined);
    return places[Math.floor(env.random() * places.length)];
  }

  channelTo(node: string): PeerChannel | undefined {
    return this.#parts.peers.to(node);
  }

  others(): readonly string[] {
    return this.#parts.owners.others().map(({ id }) => id);
  }

  /** Does it there, or fails with `PeerLost` or with what that node says. */
  async at<V extends keyof NodeVerbs>(
    place: Place,
    by: string | undefined,
    verb: V,
    args: Args<V>,
  ): Promise<Answer<V>> {
    if (place === HERE) {
      const own = this.#parts.own(by)[verb] as AnyVerb;
      return (await own(...args)) as Answer<V>;
    }
    const channel = this.channelTo(place);
    if (channel === undefined) throw new PeerLost(`There is no way to node ${place}.`, false);
    const asked: Asked = { verb, args: trimmed(args), ...(by === undefined ? {} : { by }) };
    try {
      const answer = isLong(verb)
        ? await wait(channel, asked)
        : await channel.call("ask", asked, ANSWER_MS);
      return answer as Answer<V>;
    } catch (error) {
      if (error instanceof PerdureError && error.code === "closed") throw stopped(place);
      throw error;
    }
  }
}

/** Certainly nothing was done: the partition is not there, or the call has never left. */
export function isUndone(error: unknown): boolean {
  if (error instanceof PeerLost) return !error.isSent;
  return error instanceof PerdureError && error.code === "fenced";
}

export function isPeerLost(error: unknown): boolean {
  return error instanceof PeerLost;
}

function isLong(verb: keyof NodeVerbs): boolean {
  const way: { readonly isLong?: true } | undefined =
    verb in ways ? ways[verb as Routed] : undefined;
  return way?.isLong === true;
}

async function wait(channel: PeerChannel, asked: Asked): Promise<unknown> {
  for (;;) {
    const answer = await channel.call("wait", asked, ANSWER_MS);
    if (answer.isDone) return answer.answer;
  }
}

/** Without what is left out at the end: not every network knows the difference. */
function trimmed(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/** It stopped in the middle. */
function stopped(node: string): PeerLost {
  const text = `Node ${node} has stopped: the call may have been carried out. Look before you call again.`;
  return new PeerLost(text, true);
}
