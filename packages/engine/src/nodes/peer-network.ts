/**
 * The port: how the nodes that share a store reach each other. Production has sockets under it,
 * the simulator a network that loses, delays and cuts.
 *
 * A connection needs to promise little: what is sent arrives in order, at most once and without a
 * gap until it ends, and both ends hear of the end, sooner or later. What has to arrive is sent until it is
 * acknowledged by those who send it.
 */
import type { ErrorData } from "@perdure/kernel";
import type { NodeRecord } from "@perdure/store";

/**
 * What is sent: plain data. Objects, arrays, texts, numbers, booleans, undefined, `Uint8Array`;
 * no Map, no class, no function.
 */
export type PeerMessage =
  /** First on each side: the opener's, then the answer. Anything else first is refused. */
  | {
      readonly type: "hello";
      /** The newest that its sender speaks, and the oldest; absent: that one alone. */
      readonly protocol: number;
      readonly oldest?: number;
      readonly from: string;
      readonly to: string;
    }
  /** A sign of life. */
  | { readonly type: "ping" }
  | { readonly type: "tell"; readonly word: string; readonly body: unknown }
  | {
      readonly type: "call";
      /** Names the call among those of its sender on this connection. */
      readonly id: number;
      readonly verb: string;
      readonly body: unknown;
    }
  | { readonly type: "answer"; readonly id: number; readonly body: unknown }
  | { readonly type: "failure"; readonly id: number; readonly error: ErrorData };

/** This side of a connection, as the network calls it. Nothing is called after `closed`. */
export interface PeerEnd {
  message(message: PeerMessage): void;
  /** Heard once: by whoever closes it too, and by the opener of one that never came about. */
  closed(): void;
}

/** This side of a connection, as the node calls it. Both do nothing once it is closed. */
export interface PeerSocket {
  send(message: PeerMessage): void;
  close(): void;
}

export interface PeerNetwork {
  /** Opens a connection; what is sent before it is there is sent then. Nothing is called back at once. */
  connect(to: NodeRecord, end: PeerEnd): PeerSocket;
  /** Takes the connections that others open to this address. The result stops. */
  listen(address: string, accept: (socket: PeerSocket) => PeerEnd): () => void;
}
