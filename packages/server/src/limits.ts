/**
 * Every limit of the server, in the unit that ends the name. Each is tested at its value and one
 * past it, and `perdure doctor` shows them. Bodies and frames are bounded in `wireLimits`.
 */
export const serverLimits = {
  /** Connections at a time, of all kinds. */
  connections: 10_000,
  /** The request line and all header fields of a request together. */
  headerBytes: 16_384,
  headerFields: 100,
  /** The path and the query, as sent. */
  urlChars: 8_192,
  /** From a connection's first byte to the end of the header, and to the end of the body. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** A connection without a request is closed after it. */
  idleConnectionMs: 60_000,
  /** Requests of one credential: so many a second, and so many at once after a pause. */
  requestsPerSecond: 1_000,
  requestBurst: 2_000,
  /** Requests of one address that show no valid credential. */
  strangerPerSecond: 10,
  strangerBurst: 50,
  /** Credentials and addresses whose rate is remembered. */
  rateEntries: 10_000,
  /** Live streams (server-sent events, long polls), and WebSockets, of one credential. */
  liveStreams: 1_000,
  sockets: 200,
  /** Calls in progress on one WebSocket. */
  socketCalls: 4_096,
  /** Answers that a client has not taken: past the first nothing is read from it, past the second it is cut. */
  socketBufferBytes: 4_194_304,
  socketBacklogBytes: 67_108_864,
  /** Of a WebSocket of calls: each side speaks within a third of it, and is given up after two. */
  socketSilenceMs: 45_000,
  /** Events that wait for one reader of a live run; beyond it they are read from the journal. */
  watchEvents: 1_000,
  /** A live stream whose reader takes nothing for so long is closed; it can resume. */
  watchStallMs: 60_000,
  heartbeatMs: 15_000,
  /**
   * Of several servers: what one has read of keys and endpoints counts for so long, so that a change
   * at another is known by then; and for so long while nobody can be asked.
   */
  keptFreshMs: 1_000,
  keptStaleMs: 30_000,
  /** Whoever stays is looked at again so often: a revoked credential ends what came with it. */
  credentialCheckMs: 5_000,
  /** Of one long poll. */
  outcomeWaitMs: 60_000,
  /** Events of one page of a journal. A page also ends at `wireLimits.jsonBytes`. */
  journalPage: 1_000,

  /** Spans that wait for the collector, of one batch, between two batches; one batch may take. */
  otlpQueueSpans: 2_048,
  otlpBatchSpans: 512,
  otlpEveryMs: 5_000,
  otlpTimeoutMs: 5_000,

  /** Restate's doors: requests of one credential a second and at once, and those that wait for a result. */
  restateRequestsPerSecond: 20_000,
  restateRequestBurst: 40_000,
  restateWaits: 10_000,

  /** Workers with a session, connected or not. */
  streamSessions: 10_000,
  /** From a worker's connection to its greeting. */
  streamHelloMs: 10_000,
  /** Queries and updates that one worker has not answered. */
  streamCalls: 10_000,
  /** Local steps in progress that are kept of one worker, for `why`. */
  streamSteps: 1_000,
  /** Journals on their way to one worker; those that do not fit wait for their turn. */
  streamJournalBytes: 67_108_864,
  /** When the server closes, workers have so long to finish what they hold. */
  streamLeaveMs: 10_000,
  /** Push endpoints of one namespace, and exchanges of one endpoint at a time. */
  pushEndpoints: 100,
  pushConcurrency: 1_000,
  /** To the connection, to the first byte of an answer, between two signs of life of it. */
  pushConnectMs: 5_000,
  pushHeadersMs: 30_000,
  pushIdleMs: 30_000,
  /** The same to the first byte where the whole answer comes at once: the longest Lambda. */
  pushBufferedMs: 900_000,
  /** An app that says "later" is waited for on the spot up to here; the engine waits the rest. */
  pushPatienceMs: 5_000,
  pushRetryAfterMs: 3_600_000,
  /** Of several servers: between two looks at what others have changed, and what is to be served here. */
  pushFollowMs: 1_000,
  /** Between two looks at what an app has code for. */
  pushDescribeMs: 60_000,
  /** Events of a run's journal read at a time for an app that has lost its code. */
  pushPageEvents: 1_000,
} as const;

export type ServerLimits = { readonly [K in keyof typeof serverLimits]: number };
