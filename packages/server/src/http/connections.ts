/**
 * Which connections have a request in progress. Node's `closeIdleConnections` leaves those that were
 * opened and never sent anything, which clients open in advance; a server that closes would wait
 * for them.
 */
import type { Server } from "node:http";
import type { Socket } from "node:net";

export class Connections {
  /** Requests in progress. */
  readonly #busy = new Map<Socket, number>();
  #closing = false;

  /** `upgrades`: somebody takes sockets over. With a listener and nobody, such requests would hang. */
  constructor(server: Server, event: "connection" | "secureConnection", upgrades: boolean) {
    server.on(event, (socket: Socket) => {
      this.#busy.set(socket, 0);
      socket.once("close", () => this.#busy.delete(socket));
    });
    server.on("request", ({ socket }, response) => {
      this.#count(socket, 1);
      response.once("close", () => this.#count(socket, -1));
    });
    // Whoever took the socket over ends it.
    if (upgrades) server.on("upgrade", ({ socket }) => this.#busy.delete(socket));
  }

  get size(): number {
    return this.#busy.size;
  }

  /** Ends those without a request now, and the others after their request. */
  close(): void {
    this.#closing = true;
    for (const [socket, busy] of this.#busy) if (busy === 0) socket.destroy();
  }

  /** Ends all that are left. */
  destroy(): void {
    for (const socket of this.#busy.keys()) socket.destroy();
  }

  #count(socket: Socket, change: number): void {
    const busy = this.#busy.get(socket);
    if (busy === undefined) return;
    this.#busy.set(socket, busy + change);
    // What was written goes out before the end.
    if (this.#closing && busy + change === 0) socket.end();
  }
}
