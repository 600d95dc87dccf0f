/** The connections of clients that call over a WebSocket. */
import type { IncomingMessage } from "node:http";
import type { PerdureError } from "@perdure/kernel";
import { wireLimits } from "@perdure/wire";
import type { Caller } from "../access/caller.ts";
import { CallConnection } from "./call-connection.ts";
import { CallDesk, type CallDeskParts } from "./call-desk.ts";
import type { CallSocket } from "./call-socket.ts";

export interface CallHostParts extends CallDeskParts {
  /** Shown to clients: `perdure/0.1.0`. */
  readonly server: string;
}

export class CallHost {
  readonly maxFrameBytes: number = wireLimits.callFrameBytes;
  readonly #parts: CallHostParts;
  readonly #desk: CallDesk;
  readonly #connections = new Set<CallConnection>();
  #isEmpty: (() => void) | undefined;

  constructor(parts: CallHostParts) {
    this.#parts = parts;
    this.#desk = new CallDesk(parts);
  }

  /**
   * The socket is open and nothing was read from it. The result ends it: the caller is no longer
   * welcome.
   */
  accept(
    socket: CallSocket,
    caller: Caller,
    request: IncomingMessage,
  ): (reason: PerdureError) => void {
    const { env, limits, server, closing } = this.#parts;
    const customer = this.#desk.customer(caller, request);
    const connection = new CallConnection({
      socket,
      env,
      server,
      bounds: limits,
      attend: (call, signal) => this.#desk.attend(customer, call, signal),
      closed: (over) => {
        this.#connections.delete(over);
        if (this.#connections.size === 0) this.#isEmpty?.();
      },
    });
    this.#connections.add(connection);
    if (closing.aborted) connection.leave();
    return (reason) => connection.expel(reason);
  }

  /** Takes no more calls; resolves when those in progress are answered, or when their time is up. */
  async close(graceMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const empty = new Promise<void>((resolve) => void (this.#isEmpty = resolve));
    for (const connection of this.#connections) connection.leave();
    const cancel = this.#parts.env.after(graceMs, () => {
      for (const connection of this.#connections) connection.terminate();
    });
    await empty;
    cancel();
  }
}
