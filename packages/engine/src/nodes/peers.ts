/**
 * The other nodes, as this one talks to them: one channel to each that is alive.
 *
 * R1  Either side may open a connection, and two may be opened at once. That is harmless: each side
 *     speaks on the one that it has, and hears on both. To keep it rare, the node with the greater
 *     id leaves the other one some time.
 * R2  A connection from which nothing has come for the length of a lease is closed, however alive
 *     it looks from here: one that is open at one end only is found by this.
 * R3  A node that is not alive any more has no channel. `onOpen` and `onClose` are called once for
 *     every channel, the second of two as well; after `onClose` nothing comes over it.
 */
import { invariant } from "@perdure/kernel";
import type { NodeRecord } from "@perdure/store";
import type { Env } from "../env.ts";
import type { Owners } from "./owners.ts";
import {
  Channel,
  newHandlers,
  type PeerChannel,
  type Verb,
  type VerbHandler,
  type Word,
  type WordHandler,
} from "./peer-channel.ts";
import { Connection, protocols, type Protocols } from "./peer-connection.ts";
import type { PeerEnd, PeerNetwork, PeerSocket } from "./peer-network.ts";

/** Beats per lease: after one more without a word the connection is closed. */
const BEATS = 4;
/** The node with the greater id calls so much later. */
const COURTESY_MS = 250;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 2_000;

/** What others see of `Peers`. */
export interface PeerTalk {
  /** The way to a node; undefined: none is open. */
  to(node: string): PeerChannel | undefined;
  all(): Iterable<PeerChannel>;
  /** One handler for each word. */
  hear<W extends Word>(word: W, handler: WordHandler<W>): void;
  answer<V extends Verb>(verb: V, handler: VerbHandler<V>): void;
  onOpen(listener: (channel: PeerChannel) => void): void;
  onClose(listener: (channel: PeerChannel) => void): void;
}

export interface PeersParts {
  readonly env: Env;
  readonly network: PeerNetwork;
  readonly owners: Pick<Owners, "others" | "onChange" | "look">;
  readonly me: Pick<NodeRecord, "id" | "address">;
  readonly leaseMs: number;
  /** Default: what this build speaks. */
  readonly protocols?: Protocols;
}

/** The calling of one node. */
interface Dialing {
  /** Calls that came to nothing, in a row. */
  failures: number;
  connection?: Connection;
  cancelRetry?: () => void;
}

export class Peers implements PeerTalk {
  readonly #parts: PeersParts;
  readonly #handlers = newHandlers();
  readonly #onOpen: ((channel: PeerChannel) => void)[] = [];
  readonly #onClose: ((channel: PeerChannel) => void)[] = [];
  readonly #connections = new Set<Connection>();
  readonly #dialings = new Map<string, Dialing>();
  /** Open channels by node, oldest first: this side speaks on the first. */
  readonly #channels = new Map<string, Channel[]>();
  readonly #stops: (() => void)[] = [];
  #cancelBeat: (() => void) | undefined;
  #isStopped = false;

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** Once all handlers are there. */
  start(): void {
    const { network, me, owners } = this.#parts;
    this.#stops.push(
      network.listen(me.address, (socket) => this.#accept(socket)),
      owners.onChange(() => this.#look()),
    );
    this.#look();
    this.#beat();
  }

  to(node: string): PeerChannel | undefined {
    return this.#channels.get(node)?.[0];
  }

  *all(): Generator<PeerChannel> {
    for (const [channel] of this.#channels.values()) if (channel !== undefined) yield channel;
  }

  hear<W extends Word>(word: W, handler: WordHandler<W>): void {
    const { words } = this.#handlers;
    invariant(!words.has(word), `two hear the word ${word}`);
    words.set(word, handler as (body: unknown, from: PeerChannel) => void);
  }

  answer<V extends Verb>(verb: V, handler: VerbHandler<V>): void {
    const { verbs } = this.#handlers;
    invariant(!verbs.has(verb), `two answer the verb ${verb}`);
    verbs.set(verb, handler as (body: unknown, from: PeerChannel) => Promise<unknown>);
  }

  onOpen(listener: (channel: PeerChannel) => void): void {
    this.#onOpen.push(listener);
  }

  onClose(listener: (channel: PeerChannel) => void): void {
    this.#onClose.push(listener);
  }

  stop(): void {
    this.#isStopped = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#cancelBeat?.();
    for (const dialing of this.#dialings.values()) dialing.cancelRetry?.();
    this.#dialings.clear();
    for (const connection of this.#connections) connection.close();
  }

  /** Who is there has changed. */
  #look(): void {
    if (this.#isStopped) return;
    const alive = new Set(this.#parts.owners.others().map(({ id }) => id));
    for (const [id, { cancelRetry }] of this.#dialings) {
      if (alive.has(id)) continue;
      cancelRetry?.();
      this.#dialings.delete(id);
    }
    for (const connection of this.#connections) {
      if (connection.node !== undefined && !alive.has(connection.node)) connection.close();
    }
    for (const id of alive) if (!this.#dialings.has(id)) this.#dialFirst(id);
  }

  #beat(): void {
    const { env, leaseMs } = this.#parts;
    this.#cancelBeat = env.after(leaseMs / BEATS, () => {
      for (const connection of this.#connections) {
        if (++connection.silentBeats > BEATS) connection.close();
        else connection.ping();
      }
      if (!this.#isStopped) this.#beat();
    });
  }

  #dialFirst(id: string): void {
    this.#dialings.set(id, { failures: 0 });
    if (this.#parts.me.id < id) this.#dial(id);
    else this.#dialLater(id, COURTESY_MS);
  }

  #dialLater(id: string, ms: number): void {
    const dialing = this.#dialings.get(id);
    if (dialing === undefined) return;
    dialing.cancelRetry?.();
    dialing.cancelRetry = this.#parts.env.after(ms, () => this.#dial(id));
  }

  #dial(id: string): void {
    const dialing = this.#dialings.get(id);
    const node = this.#parts.owners.others().find((other) => other.id === id);
    // It is not alive just now; when it is again, the calling begins anew.
    if (node === undefined) this.#dialings.delete(id);
    if (dialing === undefined || node === undefined) return;
    if (dialing.connection !== undefined || this.#channels.has(id)) return;
    const connection = this.#connection(id);
    dialing.connection = connection;
    connection.attach(this.#parts.network.connect(node, connection));
  }

  #accept(socket: PeerSocket): PeerEnd {
    const connection = this.#connection(undefined);
    connection.attach(socket);
    return connection;
  }

  #connection(expected: string | undefined): Connection {
    const { env, me } = this.#parts;
    const connection = new Connection({
      me: me.id,
      expected,
      protocols: this.#parts.protocols ?? protocols,
      isAlive: (node) => this.#isAlive(node),
      open: (node, socket, protocol) => {
        return new Channel({ node, protocol, socket, env, handlers: this.#handlers });
      },
      opened: (channel) => this.#opened(channel),
      ended: (ended) => this.#ended(ended),
      refused: (why, isLasting) => {
        const level = isLasting ? "warn" : "info";
        env.log(level, `a connection to another node is refused: ${why}`);
      },
    });
    this.#connections.add(connection);
    return connection;
  }

  /** One that has just started may be known to the store and not yet here. */
  #isAlive(node: string): boolean {
    const { owners } = this.#parts;
    const isAlive = owners.others().some(({ id }) => id === node);
    if (!isAlive) owners.look();
    return isAlive;
  }

  #opened(channel: Channel): void {
    const { node } = channel;
    const dialing = this.#dialings.get(node);
    if (dialing !== undefined) dialing.failures = 0;
    const channels = this.#channels.get(node);
    if (channels === undefined) this.#channels.set(node, [channel]);
    else channels.push(channel);
    for (const listener of this.#onOpen) listener(channel);
  }

  #ended(connection: Connection): void {
    this.#connections.delete(connection);
    const { channel, node } = connection;
    if (channel !== undefined) this.#closed(channel);
    const dialing = node === undefined ? undefined : this.#dialings.get(node);
    if (node === undefined || dialing === undefined || this.#isStopped) return;
    if (dialing.connection === connection) delete dialing.connection;
    if (dialing.connection !== undefined || this.#channels.has(node)) return;
    const ms = Math.min(FIRST_RETRY_MS * 2 ** dialing.failures++, LAST_RETRY_MS);
    this.#dialLater(node, ms * (0.5 + this.#parts.env.random()));
  }

  #closed(channel: Channel): void {
    const left = this.#channels.get(channel.node)?.filter((other) => other !== channel) ?? [];
    if (left.length > 0) this.#channels.set(channel.node, left);
    else this.#channels.delete(channel.node);
    for (const listener of this.#onClose) listener(channel);
  }
}
