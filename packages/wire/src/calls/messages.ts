/**
 * Calls of the HTTP API over one WebSocket, version 1. One binary WebSocket message is one *frame*: a
 * msgpack array of messages, each an array that begins with its kind's number; `codec.ts` has the
 * order of fields.
 *
 *     client                                 server
 *            ───────── upgrade, credential ─────▶
 *            ◀──────── welcome ──────────────────
 *            ───────── call 1, call 2, call 3 ──▶
 *            ◀──────── answer 2 ─────────────────
 *            ───────── forget 3 ────────────────▶
 *            ◀──────── answer 1 ─────────────────
 *
 * A call is a request of the API: the operation, what stands in its path and its query, the JSON of
 * its body; its answer is the status and the JSON that HTTP would bring. Answers come in any order. A
 * number is used once on a connection, and means nothing on another: whoever loses a connection asks
 * again as after a request without an answer. A frame without messages is a sign of life.
 */
export const CALLS_PROTOCOL = 1;

export interface WireCall {
  readonly type: "call";
  readonly id: number;
  readonly operation: string;
  /** By the names in the operation's path. */
  readonly params: Readonly<Record<string, string>>;
  /** As it stands behind the question mark. */
  readonly query: string;
  /** JSON. */
  readonly body?: string;
  /** Only the trace context is looked at. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer is not waited for any longer; the server need not go on for it, and says nothing. */
export interface WireForget {
  readonly type: "forget";
  readonly id: number;
}

export interface CallsWelcome {
  readonly type: "welcome";
  readonly protocol: number;
  readonly server: string;
  /** Calls in progress; what comes beyond them is refused. */
  readonly atOnce: number;
  /** Of silence: whoever hears nothing for two thirds of it gives the connection up. */
  readonly silenceMs: number;
}

export interface WireAnswer {
  readonly type: "answer";
  readonly id: number;
  readonly status: number;
  /** JSON; absent: the status says it all. */
  readonly body?: string;
  /** Where asking again later helps. */
  readonly retryAfterS?: number;
}

export type FromCaller = WireCall | WireForget;
export type ToCaller = CallsWelcome | WireAnswer;
