/**
 * The two ways workers elsewhere reach the engine, as the listener sees them. The listener has
 * authenticated the caller; a host registers workers of `caller.namespace` and no other.
 */
import type { PerdureError } from "@perdure/kernel";
import type { WebSocket } from "ws";
import type { Caller } from "../access/caller.ts";
import type { Route } from "../http/route.ts";

/** Workers that hold a WebSocket open. */
export interface StreamHost {
  /** Of one message; a longer one ends the connection. */
  readonly maxFrameBytes: number;
  /**
   * The socket is open and nothing was read from it. The host owns it from here on. The result ends
   * it and its worker's session: the caller is no longer welcome.
   */
  accept(socket: WebSocket, caller: Caller, peer: StreamPeer): (reason: PerdureError) => void;
  /** Asks every worker to leave and resolves when they have, or when their time is up. */
  close(): Promise<void>;
}

export interface StreamPeer {
  /** The far end's address, for `workers list`. */
  readonly address: string;
  readonly requestId: string;
}

/** Workers that are called over HTTP. */
export interface PushHost {
  /** `push.list`, `push.put`, `push.delete`, `push.rotate`. */
  readonly routes: readonly Route[];
  /** Takes no new work; resolves when calls in flight have ended, or when their time is up. */
  close(): Promise<void>;
}
