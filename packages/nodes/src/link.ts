/**
 * One connection to another node, over a socket of TLS.
 *
 * L1  Messages arrive whole, in order and at most once; the first that does not ends the connection.
 * L2  Both ends hear of the end once, and of nothing after it.
 * L3  What waits for the far side is bounded: one that takes nothing is let go (`backlogBytes`).
 *     One message may be longer than that.
 * L4  Until the first message is there, what is taken is no longer than a greeting.
 */
import type { TLSSocket } from "node:tls";
import type { Env, PeerEnd, PeerMessage, PeerSocket } from "@perdure/engine";
import { invariant } from "@perdure/kernel";
import { frameHead, Frames } from "./frames.ts";
import type { NodeLimits } from "./limits.ts";
import { decodePeerMessage, encodePeerMessage } from "./messages.ts";

export interface LinkParts {
  readonly socket: TLSSocket;
  readonly env: Env;
  readonly limits: NodeLimits;
  /** For the log: where the far side is. */
  readonly far: string;
  readonly ended: (link: Link) => void;
}

export class Link implements PeerSocket {
  readonly #parts: LinkParts;
  readonly #frames: Frames;
  #end: PeerEnd | undefined;
  #isReady: boolean;
  /** Encoded, for when it is known who is there. */
  #early: Uint8Array[] = [];
  #isOver = false;
  #isFlushing = false;

  /** `isReady`: TLS has said already who is there. */
  constructor(parts: LinkParts, isReady: boolean) {
    this.#parts = parts;
    this.#isReady = isReady;
    this.#frames = new Frames(parts.limits.greetingBytes);
    const { socket } = parts;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    // The far side says no more, so it hears no more either.
    socket.on("end", () => this.close());
    socket.on("error", (error: Error) => this.#fault(error));
    socket.on("close", () => this.#over());
  }

  /** Nothing is heard before. */
  attach(end: PeerEnd): void {
    this.#end = end;
  }

  /** It is known who is there. */
  ready(): void {
    this.#isReady = true;
    for (const bytes of this.#early.splice(0)) this.#write(bytes);
  }

  send(message: PeerMessage): void {
    if (this.#isOver) return;
    const { socket, env, limits, far } = this.#parts;
    if (socket.writableLength > limits.backlogBytes) {
      env.log("warn", "a node takes nothing, and is let go", { node: far });
      return this.close();
    }
    const bytes = encodePeerMessage(message);
    if (bytes.length > limits.messageBytes) {
      const facts = { node: far, bytes: bytes.length, limit: limits.messageBytes };
      env.log("error", "a message to another node is too long, and ends the connection", facts);
      return this.close();
    }
    if (this.#isReady) this.#write(bytes);
    else this.#early.push(bytes);
  }

  close(): void {
    this.#isOver = true;
    this.#frames.clear();
    this.#parts.socket.destroy();
  }

  /** All that one turn of the loop says goes together. */
  #write(bytes: Uint8Array): void {
    const { socket } = this.#parts;
    if (!this.#isFlushing) {
      this.#isFlushing = true;
      socket.cork();
      process.nextTick(() => {
        this.#isFlushing = false;
        socket.uncork();
      });
    }
    socket.write(frameHead(bytes.length));
    socket.write(bytes);
  }

  #take(chunk: Uint8Array): void {
    if (this.#isOver) return;
    invariant(this.#end !== undefined, "nobody hears what another node says");
    try {
      let isWhole = false;
      for (const frame of this.#frames.take(chunk)) {
        isWhole = true;
        const isFirst = this.#frames.maxBytes < this.#parts.limits.messageBytes;
        if (isFirst) this.#frames.maxBytes = this.#parts.limits.messageBytes;
        this.#end.message(decodePeerMessage(frame));
        if (this.#isOver) return;
      }
      // A long message is on its way: whoever sends it lives.
      const isGreeted = this.#frames.maxBytes === this.#parts.limits.messageBytes;
      if (!isWhole && isGreeted) this.#end.message({ type: "ping" });
    } catch (error) {
      this.#fault(error as Error);
      this.close();
    }
  }

  #fault(error: Error): void {
    const { env, far } = this.#parts;
    if (!this.#isOver) env.log("info", "a connection between nodes ends", { node: far, error });
  }

  #over(): void {
    this.#isOver = true;
    this.#frames.clear();
    this.#early = [];
    this.#parts.ended(this);
    this.#end?.closed();
  }
}
