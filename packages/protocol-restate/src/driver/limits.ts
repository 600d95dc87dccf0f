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

  /** Attempts at a time at one endpoint. */
  attempts: 1_000,
  /** Exchanges that are opened before their attempts, and how long they wait for them. */
  aheadExchanges: 64,
  aheadMs: 2_000,
  /** Invocations that one deployment has in hand, those that wait for a slot included. */
  holds: 10_000,
  /** An attempt with nothing to do for so long makes room when others wait. */
  idleAttemptMs: 50,
  /** A driver that closes waits so long for attempts to suspend. */
  closeMs: 10_000,
  /** After a terminator the response is closed by then. */
  drainMs: 10_000,
  /** The clock for everything that may come to be late, and the shortest step of it. */
  tickMs: 1_000,
  shortestTickMs: 25,
  /** Messages are written together up to this. */
  writeBytes: 65_536,
  /** What an SDK may send before anything of it is on disk; past it, it is not read. */
  unsavedBytes: 8_388_608,
  /** What is shown of an endpoint's words when it refuses. */
  refusalChars: 500,
  /** State that is sent ahead; the rest is asked for. */
  eagerStateBytes: 8_388_608,
  /** Suspended invocations of one deployment whose awaited things are remembered. */
  suspended: 100_000,

  /** A token serves so long, half of its life; and for so many paths. */
  tokenMs: 30_000,
  tokens: 10_000,

  manifestBytes: 4_194_304,
  /** A value that an endpoint shows. */
  previewBytes: 33_554_432,
  discoverMs: 30_000,
} as const;
