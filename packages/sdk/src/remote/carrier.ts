/**
 * Each call by the way that carries it best: over the one WebSocket while it is open, and by a request
 * of its own where it is not, as behind a proxy that lets none through. Whoever calls cannot tell.
 */
import type { Address } from "./address.ts";
import type { CallLine } from "./call-line.ts";
import { remoteLimits } from "./limits.ts";
import type { Incoming, Outgoing, Transport } from "./transport.ts";

export class Carrier {
  readonly #http: Transport;
  readonly #line: CallLine | undefined;

  constructor(http: Transport, line?: CallLine) {
    this.#http = http;
    this.#line = line;
  }

  /** Of the server that is asked now. */
  get address(): Address {
    return this.#http.address;
  }

  /** The server takes no more for now: another one is asked, if there is one. */
  moveOn(address: Address): void {
    this.#http.moveOn(address);
  }

  /** Waits that need not take turns. */
  get waitsAtOnce(): number {
    return Math.max(remoteLimits.waitConnections, this.#line?.waitsAtOnce ?? 0);
  }

  send(out: Outgoing): Promise<Incoming> {
    return this.#line?.takes(out) === true ? this.#line.send(out) : this.#http.send(out);
  }
}
