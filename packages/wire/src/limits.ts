/**
 * Every limit of what travels between processes, in the unit that ends the name. Each is tested at
 * its value and one past it. What a run may hold is in the kernel's `limits`.
 */
export const wireLimits = {
  /** A request's body, and an answer's as a client takes it: a payload of 4 MiB as base64 fits. */
  jsonBytes: 8_388_608,
  /** `JSON.parse` takes any depth, and what walks the value afterwards does not. */
  jsonDepth: 64,
  /** A run with its journal as one line; a failure's causes may be as many as there were attempts. */
  transferLineBytes: 67_108_864,
  transferDepth: 256,
  /** Lines of one request, and failures told in its answer. */
  transferLines: 10_000,
  transferFailures: 1_000,

  /** One frame of a push answer, and the whole body of a push request: a journal and its payloads. */
  pushFrameBytes: 16_777_216,
  pushBodyBytes: 67_108_864,
  /** How far the clocks of server and app may be apart: a signed request is good for so long. */
  pushWindowMs: 300_000,
  /** Nonces that a process of an app remembers: over 400 requests a second for twice the window. */
  pushNonces: 250_000,
  /** One WebSocket message. */
  frameBytes: 16_777_216,
  /** A sender begins another frame past it; one message may be larger. */
  frameTargetBytes: 262_144,
  /** One message in a frame: a payload of 4 MiB fits, with what belongs to it. */
  messageBytes: 8_388_608,
  frameDepth: 64,
  /** Values in a frame, those inside of others included. */
  frameItems: 1_000_000,
  /** Events of one page of a journal, and of one delivery. */
  pageEvents: 128,
  /** Commands of one `answer`. */
  answerCommands: 1_000,
  /** What may be unacknowledged on its way, whatever window the other side names. */
  windowBytes: 16_777_216,
  /** Messages unacknowledged on their way. */
  windowMessages: 16_384,
  /** What waits to be sent; past it the connection is given up, and its session is lost. */
  backlogBytes: 67_108_864,
  backlogMessages: 262_144,

  /** Plain data between processes that trust each other: failures within failures, whole journals. */
  plainDepth: 512,
  plainItems: 16_777_216,

  /** One WebSocket message of a client that calls; a longer body goes by a request of its own. */
  callFrameBytes: 8_388_608,
  callBodyChars: 1_048_576,
  /** The name of an operation; all that stands in its path or in its query; and how many there are. */
  callWordChars: 64,
  callQueryChars: 8_192,
  callParams: 8,
  callHeaders: 8,

  /** Names, keys and ids in frames. */
  nameChars: 4_096,
  /** Messages of failures, stacks, reasons. */
  textChars: 65_536,
  /** Names in one list. */
  names: 10_000,
  queues: 1_000,
  labels: 32,
  labelChars: 1_024,
  taskSlots: 10_000,
  runSlots: 100_000,
  leaseMinMs: 500,
  leaseMaxMs: 300_000,
} as const;
