import type { PeerNetwork } from "./peer-network.ts";
import { noNetwork, NOWHERE } from "./solitude.ts";

/** What makes an engine one node among several on the same store. Durations in ms. */
export interface NodeOptions {
  /** Where other nodes reach this one, in the words of the network; absent with the network. */
  readonly address?: string;
  /** Of the software, shown to people. */
  readonly version: string;
  /** Absent: it talks to nobody, and does not start where another node lives. */
  readonly network?: PeerNetwork;
  /** Unique among all nodes that ever were; drawn when absent. */
  readonly id?: string;
  /** A node that has given no sign of life for so long is taken for dead. Default: 2,000. */
  readonly leaseMs?: number;
  /** Between two signs of life. Default: 500. */
  readonly beatMs?: number;
  /**
   * A node steps down so long before others may take it for dead: what two monotonic clocks may
   * differ by within a lease. Default: 250.
   */
  readonly marginMs?: number;
  /** A partition that is given away waits at most so long for its runs to be at rest. Default: 5,000. */
  readonly handoverMs?: number;
  /** A call is sent after its partition for at most so long. Default: 5,000, or longer leases. */
  readonly forwardMs?: number;
}

export type NodeTerms = Required<NodeOptions>;

export function termsOf(options: NodeOptions, drawId: () => string): NodeTerms {
  return {
    leaseMs: 2_000,
    beatMs: 500,
    marginMs: 250,
    handoverMs: 5_000,
    // So long that a partition whose owner has died has another by then.
    forwardMs: Math.max(5_000, 2.5 * (options.leaseMs ?? 0)),
    address: NOWHERE,
    network: noNetwork,
    ...options,
    id: options.id ?? drawId(),
  };
}
