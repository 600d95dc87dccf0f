/**
 * One connection to another node, from the greeting to the end.
 *
 * G1  Nothing is taken before the greeting, and each side greets once.
 * G2  The channel is open when both ways were seen to work: for whoever called with the answer to
 *     its greeting, for whoever was called with the next message, which it sends at once.
 * G3  A greeting counts when it names this node and comes from one that is alive: an address may
 *     have passed to another process, and a process may wake up after it was buried.
 */
import type { PeerEnd, PeerMessage, PeerSocket } from "./peer-network.ts";
import type { Channel } from "./peer-channel.ts";

/**
 * What this build speaks. The newest grows with what is said; the oldest follows a release later, so
 * that nodes of two releases that follow on each other work together while they are upgraded one by one.
 */
export const protocols: Protocols = { newest: 1, oldest: 1 };

export interface Protocols {
  readonly newest: number;
  readonly oldest: number;
}

export interface ConnectionParts {
  /** This node's id. */
  readonly me: string;
  /** The node that was called; undefined: whoever calls. */
  readonly expected: string | undefined;
  readonly protocols: Protocols;
  readonly isAlive: (node: string) => boolean;
  /** `protocol`: the newest that both speak. */
  readonly open: (node: string, socket: PeerSocket, protocol: number) => Channel;
  readonly opened: (channel: Channel) => void;
  readonly ended: (connection: Connection) => void;
  /** `isLasting`: it will not be otherwise until a person does something. */
  readonly refused: (why: string, isLasting: boolean) => void;
}

type Hello = Extract<PeerMessage, { type: "hello" }>;

export class Connection implements PeerEnd {
  readonly #parts: ConnectionParts;
  #socket: PeerSocket | undefined;
  #isEnded = false;
  /** The node that called, and has not yet said that it hears this side. */
  #caller: string | undefined;
  #protocol = 0;
  /** Once it is greeted. */
  channel: Channel | undefined;
  /** Beats since the last message from the far side. */
  silentBeats = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** The node at the far end, as far as it is known. */
  get node(): string | undefined {
    return this.channel?.node ?? this.#caller ?? this.#parts.expected;
  }

  attach(socket: PeerSocket): void {
    this.#socket = socket;
    if (this.#parts.expected !== undefined) this.#greet(this.#parts.expected);
  }

  message(message: PeerMessage): void {
    if (this.#isEnded) return;
    this.silentBeats = 0;
    if (this.channel !== undefined) return this.channel.receive(message);
    if (this.#caller !== undefined) return this.#open(this.#caller, message);
    const foreign = this.#foreign(message);
    const why = foreign ?? this.#objection(message);
    if (why === undefined && message.type === "hello") return this.#greeted(message);
    this.#parts.refused(why ?? "it did not greet", foreign !== undefined);
    this.close();
  }

  closed(): void {
    this.#end();
  }

  /** A sign of life. */
  ping(): void {
    if (this.channel !== undefined) this.#socket?.send({ type: "ping" });
  }

  close(): void {
    this.#socket?.close();
    this.#end();
  }

  #greeted({ from: node, protocol }: Hello): void {
    this.#protocol = Math.min(protocol, this.#parts.protocols.newest);
    if (this.#parts.expected === undefined) {
      this.#caller = node;
      return this.#greet(node);
    }
    this.#open(node);
    this.ping();
  }

  #open(node: string, first?: PeerMessage): void {
    if (this.#socket === undefined) return;
    this.channel = this.#parts.open(node, this.#socket, this.#protocol);
    this.#parts.opened(this.channel);
    if (first !== undefined) this.channel.receive(first);
  }

  #greet(to: string): void {
    const { me, protocols: ours } = this.#parts;
    const { newest: protocol, oldest } = ours;
    this.#socket?.send({ type: "hello", protocol, oldest, from: me, to });
  }

  /** Why it cannot be talked to: its build is too far from this one. */
  #foreign(message: PeerMessage): string | undefined {
    if (message.type !== "hello") return undefined;
    const { protocol, oldest = protocol } = message;
    const ours = this.#parts.protocols;
    if (protocol >= ours.oldest && oldest <= ours.newest) return undefined;
    return (
      `node ${message.from} speaks protocols ${oldest} to ${protocol}, and this one ` +
      `${ours.oldest} to ${ours.newest}: upgrade release by release`
    );
  }

  /** Why it is not to be talked to. */
  #objection(message: PeerMessage): string | undefined {
    const { me, expected, isAlive } = this.#parts;
    if (message.type !== "hello") return "it did not greet";
    if (message.to !== me) return "it looks for another node";
    if (expected !== undefined && message.from !== expected) return "it is another node";
    return isAlive(message.from) ? undefined : "it is not among the living";
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.channel?.end();
    this.#parts.ended(this);
  }
}
