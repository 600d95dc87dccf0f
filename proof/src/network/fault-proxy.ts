/**
 * A TCP proxy that does to connections what networks do: it cuts them at a chosen message, holds
 * back what one side says, delays it, or takes no new ones.
 *
 * 1. What it delivers is what was sent, in order, up to a cut.
 * 2. While a direction is held nothing of it arrives, not even that a side has gone. Released, all
 *    of it does: a silent network loses no bytes of a connection that outlives the silence.
 * 3. Whoever asks is behind the proxy's port, whoever answers at its `target`, which may change:
 *    connections that are there stay where they are.
 */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { plain, type Framing, type Splitter } from "./framing.ts";

export type Direction = "request" | "response";

export interface Passing {
  readonly direction: Direction;
  /** Counts from 1, over all connections and both directions. */
  readonly number: number;
  readonly bytes: Buffer;
}

/**
 * `cutBefore`: both sides lose the connection. `cutWithin`, `cutAfter`: so they do when half of the
 * message, or all of it, has been delivered. `strand`: who asked loses the connection now; what it
 * had sent, this message first, arrives when `deliverStranded` is called.
 */
export type Verdict = "pass" | "cutBefore" | "cutWithin" | "cutAfter" | "strand";

export type Judge = (passing: Passing) => Verdict;

export interface FaultProxyOptions {
  readonly target: number;
  readonly framing?: Framing;
}

const HOST = "127.0.0.1";
const passes: Judge = () => "pass";

export class FaultProxy {
  /** Asked for every message. */
  judge: Judge = passes;
  /** Where new connections go. */
  target: number;
  /** New connections end at once. */
  isClosedToNew = false;
  readonly delaysMs: Record<Direction, number> = { request: 0, response: 0 };
  readonly port: number;
  readonly #server: Server;
  readonly #framing: Framing;
  /** Each with its end. */
  readonly #links = new Map<Link, Promise<void>>();
  readonly #gates: Record<Direction, Gate> = { request: new Gate(), response: new Gate() };
  readonly #stranded = new Gate();
  #passed = 0;

  private constructor(server: Server, { target, framing = plain }: FaultProxyOptions) {
    this.#server = server;
    this.#framing = framing;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
    this.#stranded.close();
    server.on("connection", (socket) => this.#accept(socket));
  }

  static async listen(options: FaultProxyOptions): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, HOST);
    await once(server, "listening");
    return new FaultProxy(server, options);
  }

  get connections(): number {
    return this.#links.size;
  }

  hold(direction: Direction): void {
    this.#gates[direction].close();
  }

  release(direction: Direction): void {
    this.#gates[direction].open();
  }

  /** All connections that are there, or each with this chance. */
  cut(isChosen: () => boolean = () => true): void {
    for (const link of this.#links.keys()) if (isChosen()) link.cut();
  }

  /** What was stranded so far arrives. Resolves when whoever got it has closed. */
  async deliverStranded(): Promise<void> {
    const stranded = [...this.#links].filter(([link]) => link.isStranded);
    this.#stranded.open();
    this.#stranded.close();
    await Promise.all(stranded.map(([, ended]) => ended));
  }

  /** Nothing is wrong any more. */
  heal(): void {
    this.judge = passes;
    this.isClosedToNew = false;
    this.delaysMs.request = this.delaysMs.response = 0;
    this.release("request");
    this.release("response");
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    await closed;
  }

  #accept(asking: Socket): void {
    asking.on("error", ignore);
    if (this.isClosedToNew) return void asking.resetAndDestroy();
    const answering = connect({
      host: HOST,
      port: this.target,
      allowHalfOpen: true,
      noDelay: true,
    });
    answering.on("error", ignore);
    const link = new Link(asking, answering);
    const { request, response } = this.#framing();
    const flows = [
      this.#flow(link, "request", asking, answering, request),
      this.#flow(link, "response", answering, asking, response),
    ];
    const ended = Promise.all(flows).then(() => void this.#links.delete(link));
    this.#links.set(link, ended);
  }

  /** One direction of one connection, to its end. */
  async #flow(
    link: Link,
    direction: Direction,
    from: Socket,
    to: Socket,
    split: Splitter,
  ): Promise<void> {
    const gate = this.#gates[direction];
    const { signal } = link;
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        for (const bytes of split(piece)) {
          await gate.passed(signal);
          const ms = this.delaysMs[direction];
          if (ms > 0) await delay(ms, undefined, { signal });
          this.#passed += 1;
          const verdict = this.judge({ direction, number: this.#passed, bytes });
          if (verdict === "strand") {
            link.strand();
            await this.#stranded.passed(signal);
          } else if (verdict !== "pass") return await link.cutAt(verdict, to, bytes);
          // Nobody is left to hear the answer to what was stranded.
          if (link.isStranded && direction === "response") continue;
          if (!to.write(bytes)) await once(to, "drain", { signal });
        }
      }
      await gate.passed(signal);
      to.end();
    } catch {
      // One side is gone: the other one hears of it as soon as the network lets it.
      await gate.passed(signal).catch(ignore);
      link.cut();
    }
  }
}

/** Two sockets that are one connection to those at its ends. */
class Link {
  readonly #asking: Socket;
  readonly #answering: Socket;
  readonly #over = new AbortController();
  #isStranded = false;

  constructor(asking: Socket, answering: Socket) {
    this.#asking = asking;
    this.#answering = answering;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get isStranded(): boolean {
    return this.#isStranded;
  }

  cut(): void {
    this.#over.abort();
    this.#asking.resetAndDestroy();
    this.#answering.resetAndDestroy();
  }

  /** Whoever gets a part of the message is not reset, which might take it away again. */
  async cutAt(verdict: Verdict, to: Socket, bytes: Buffer): Promise<void> {
    if (verdict !== "cutBefore") {
      const part = verdict === "cutWithin" ? bytes.subarray(0, bytes.length / 2) : bytes;
      await new Promise<void>((resolve) => void to.end(part, () => resolve()));
      to.destroySoon();
      (to === this.#asking ? this.#answering : this.#asking).resetAndDestroy();
      this.#over.abort();
    } else this.cut();
  }

  /** Who asked hears that it is over; what it has said lives on. */
  strand(): void {
    this.#isStranded = true;
    this.#asking.end();
  }
}

/** Lets through while it is open, in the order of arrival. */
class Gate {
  #opened = Promise.withResolvers<void>();

  constructor() {
    this.#opened.resolve();
  }

  close(): void {
    this.#opened = Promise.withResolvers();
  }

  open(): void {
    this.#opened.resolve();
  }

  async passed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const over = Promise.withResolvers<never>();
    const abort = (): void => over.reject(new Error("the connection is over"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      await Promise.race([this.#opened.promise, over.promise]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}

function ignore(): void {}
