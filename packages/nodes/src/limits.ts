/**
 * Every limit of what travels between nodes, in the unit that ends the name. Each is tested at its
 * value and one past it. How deep a message is, and how much is in it, `wireLimits` says.
 */
export const nodeLimits = {
  /** From a connection until TLS has said who it is. */
  handshakeMs: 5_000,
  /** Connections of which that is not known yet; another one is closed at once. */
  handshakes: 128,
  /** Connections of nodes, at this one's door. */
  connections: 4_096,
  /** The first message of a connection: a greeting. */
  greetingBytes: 4_096,
  /** One message: when a run is activated at another node, its journal crosses whole. */
  messageBytes: 268_435_456,
  /** What waits for a node that takes nothing; past it the connection is closed. */
  backlogBytes: 67_108_864,
  /** Shorter secrets could be guessed. */
  secretChars: 32,
  /** The same complaint is logged at most so often. */
  complaintMs: 10_000,
} as const;

/** All of them, or some that a test makes small. */
export type NodeLimits = { readonly [K in keyof typeof nodeLimits]: number };
