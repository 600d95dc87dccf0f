/**
 * The words between two nodes over one connection that has been greeted.
 *
 * C1  Every call ends once: with the answer, with the far side's error, or with `PeerLost`, when
 *     the connection ends or the time is up.
 * C2  `PeerLost` says whether the call left. One that did not was certainly not carried out.
 * C3  After the end nothing is handed on and nothing is sent.
 */
import { errorData, errorTable, limits, PerdureError, type ErrorData } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { PeerMessage, PeerSocket } from "./peer-network.ts";
import type { PeerCalls, PeerWords } from "./words.ts";

export type Word = keyof PeerWords;
export type Verb = keyof PeerCalls;

export interface PeerChannel {
  /** The id of the node at the far end. */
  readonly node: string;
  /** What both ends speak: what came with a later one is neither told nor asked. */
  readonly protocol: number;
  readonly isOpen: boolean;
  tell<W extends Word>(word: W, body: PeerWords[W]): void;
  /** Rejects with the far side's PerdureError, or with `PeerLost`. */
  call<V extends Verb>(
    verb: V,
    body: PeerCalls[V]["body"],
    timeoutMs: number,
  ): Promise<PeerCalls[V]["answer"]>;
}

export type WordHandler<W extends Word> = (body: PeerWords[W], from: PeerChannel) => void;
export type VerbHandler<V extends Verb> = (
  body: PeerCalls[V]["body"],
  from: PeerChannel,
) => Promise<PeerCalls[V]["answer"]>;

/** Who hears what; the same for all channels of a node. */
interface Handlers {
  readonly words: Map<string, (body: unknown, from: PeerChannel) => void>;
  readonly verbs: Map<string, (body: unknown, from: PeerChannel) => Promise<unknown>>;
}

export function newHandlers(): Handlers {
  return { words: new Map(), verbs: new Map() };
}

/** The other node did not answer. */
export class PeerLost extends PerdureError {
  /** The call was sent: nobody here knows what became of it. */
  readonly isSent: boolean;

  constructor(message: string, isSent: boolean) {
    super("unavailable", message);
    this.isSent = isSent;
  }
}

interface Waiting {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: PerdureError) => void;
  readonly cancelTimer: () => void;
}

export interface ChannelParts {
  readonly node: string;
  readonly protocol: number;
  readonly socket: PeerSocket;
  readonly env: Env;
  readonly handlers: Handlers;
}

export class Channel implements PeerChannel {
  readonly node: string;
  readonly protocol: number;
  readonly #env: Env;
  readonly #socket: PeerSocket;
  readonly #handlers: Handlers;
  readonly #waiting = new Map<number, Waiting>();
  #lastCall = 0;
  #isOpen = true;

  constructor({ node, protocol, socket, env, handlers }: ChannelParts) {
    this.node = node;
    this.protocol = protocol;
    this.#socket = socket;
    this.#env = env;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  tell<W extends Word>(word: W, body: PeerWords[W]): void {
    this.#send({ type: "tell", word, body });
  }

  call<V extends Verb>(
    verb: V,
    body: PeerCalls[V]["body"],
    timeoutMs: number,
  ): Promise<PeerCalls[V]["answer"]> {
    if (!this.#isOpen) return Promise.reject(this.#lost("The connection to", false));
    if (this.#waiting.size >= limits.peerCalls) return Promise.reject(this.#full());
    const id = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#env.after(timeoutMs, () => {
        this.#take(id)?.reject(this.#lost(`No answer came in ${timeoutMs} ms from`, true));
      });
      this.#waiting.set(id, { resolve, reject, cancelTimer });
      this.#send({ type: "call", id, verb, body });
    });
  }

  /** From the far side. */
  receive(message: PeerMessage): void {
    switch (message.type) {
      case "hello":
      case "ping":
        return;
      case "tell":
        return this.#hear(message.word, message.body);
      case "call":
        return void this.#answer(message.id, message.verb, message.body);
      case "answer":
        return this.#take(message.id)?.resolve(message.body);
      case "failure":
        return this.#take(message.id)?.reject(errorOf(message.error));
      default:
        // Of a later build: who waits for an answer to it will wait in vain.
        this.#env.log("warn", "another node says what this one does not understand");
    }
  }

  /** The connection is gone. */
  end(): void {
    this.#isOpen = false;
    for (const id of this.#waiting.keys()) {
      this.#take(id)?.reject(this.#lost("The connection was lost to", true));
    }
  }

  #hear(word: string, body: unknown): void {
    const handler = this.#handlers.words.get(word);
    if (handler === undefined) {
      return this.#env.log("warn", `another node says "${word}", which nobody here hears`);
    }
    try {
      handler(body, this);
    } catch (error) {
      this.#env.log("error", `what another node said could not be taken: ${word}`, { error });
    }
  }

  async #answer(id: number, verb: string, body: unknown): Promise<void> {
    try {
      const handler = this.#handlers.verbs.get(verb);
      if (handler === undefined) throw unknownVerb(verb);
      const answer = await handler(body, this);
      this.#send({ type: "answer", id, body: answer });
    } catch (error) {
      if (!(error instanceof PerdureError)) {
        this.#env.log("error", `a call of another node failed: ${verb}`, { error });
      }
      this.#send({ type: "failure", id, error: dataOf(error) });
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.cancelTimer();
    return waiting;
  }

  #send(message: PeerMessage): void {
    if (this.#isOpen) this.#socket.send(message);
  }

  #lost(what: string, isSent: boolean): PeerLost {
    const after = isSent
      ? "it may have been carried out. Look before you call again."
      : "nothing of it was carried out. Try again.";
    return new PeerLost(`${what} node ${this.node}: ${after}`, isSent);
  }

  #full(): PerdureError {
    const text = `${limits.peerCalls} calls wait for node ${this.node} already: try again later.`;
    return new PerdureError("overloaded", text, { detail: { retryAfterMs: 1_000 } });
  }
}

function unknownVerb(verb: string): PerdureError {
  const text = `The node that was asked does not know "${verb}": bring all nodes to one version.`;
  return new PerdureError("unavailable", text);
}

function dataOf(error: unknown): ErrorData {
  if (error instanceof PerdureError) return errorData(error);
  return {
    code: "internal",
    message: "The node that was asked has failed: see its log.",
    retry: "never",
  };
}

function errorOf({ code, message, detail }: ErrorData): PerdureError {
  // A code of a later build is none that this one can act on.
  const known = code in errorTable ? code : "internal";
  return new PerdureError(known, message, detail === undefined ? {} : { detail });
}
