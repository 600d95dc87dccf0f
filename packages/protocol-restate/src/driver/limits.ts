/** Limits of the driver by name, in the unit that ends the name. */
export const driverLimits = {
  /** Streams of one HTTP/2 connection; the peer's own setting may be lower. */
  streamsPerSession: 128,
  /** Connections to one endpoint. */
  sessionsPerEndpoint: 64,
  /** Exchanges that wait for a connection to one endpoint. */
  waitingExchanges: 100_000,
  streamWindowBytes: 2_097_152,
  sessionWindowBytes: 5_242_880,
  connectMs: 10_000,
  /** A connection that carries something and was silent for so long is asked for a sign of life. */
  pingAfterMs: 40_000,
  pingAnswerMs: 20_000,
  idleSessionMs: 300_000,
  /** Fields of a response's head, and what they hold together. */
  headerBytes: 65_536,
  /** Addresses of one name that are dialled, one after the other. */
  addressesTried: 4,

  /** A token serves so long, half of its life; and for so many paths. */
  tokenMs: 30_000,
  tokens: 10_000,

  manifestBytes: 4_194_304,
  discoverMs: 30_000,
} as const;
