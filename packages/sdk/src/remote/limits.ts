/** Limits of a client over HTTP, in the unit that ends the name. */
import { wireLimits } from "@perdure/wire";

export const remoteLimits = {
  /** One call with all its repetitions. */
  deadlineMs: 30_000,
  /** One try of a call. */
  attemptMs: 15_000,
  connectMs: 5_000,
  /** Before the first repetition, and before any later one. */
  pause: { firstMs: 100, longestMs: 5_000 },
  /** A server that says `Retry-After` is believed so far. */
  retryAfterMs: 60_000,
  /** Connections for calls; further calls wait for one of them. */
  callConnections: 32,
  /** Connections that wait for the ends of runs. */
  waitConnections: 200,
  /** A client that is made waits so long for its WebSocket, and goes without it meanwhile. */
  linePatienceMs: 1_000,
  /** Whoever answers something else than a handshake is not asked for one again before. */
  lineRefusedMs: 60_000,
  /** One long poll, when there is a connection for every wait. */
  pollMs: 30_000,
  /** When there is not, the polls take turns, and each has one within this time. */
  pollRoundMs: 20_000,
  /** Starts that may have to wait for their key's turn, of which a client remembers the key. */
  queuedStarts: 10_000,
  /** Runs watched at a time; each has a connection of its own. */
  watches: 1_000,
  /** A live stream says something every 15 s; after so long a silence it is opened again. */
  silenceMs: 45_000,
  /** A connection without a request is closed after it. */
  idleConnectionMs: 30_000,
  /** An answer, or one event of a live stream. */
  answerBytes: wireLimits.jsonBytes as number,
  apiKeyChars: 4_096,
} as const;
