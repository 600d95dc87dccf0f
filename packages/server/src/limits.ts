/**
 * Every limit of the server, in the unit that ends the name. Each is tested at its value and one
 * past it, and `perdure doctor` shows them. Bodies and frames are bounded in `wireLimits`.
 */
export const serverLimits = {
  /** Connections at a time, of all kinds. */
  connections: 10_000,
  /** All header fields of a request together. */
  headerBytes: 16_384,
  headerFields: 100,
  /** From a connection's first byte to the end of the header, and to the end of the body. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** A connection without a request is closed after it. */
  idleConnectionMs: 60_000,
} as const;
