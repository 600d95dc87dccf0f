/**
 * Calls of the API: what an answer means, and whether to ask again.
 *
 * C1  A call is repeated only when the server has certainly not done it, or when doing it twice is
 *     doing it once.
 * C2  The errors of the engine arrive as they were thrown there: code, message, detail.
 * C3  Whatever is at the other end, a call ends within its deadline, with an answer or an error.
 */
import type { Env } from "@perdure/engine";
import { PerdureError, type Json } from "@perdure/kernel";
import { parseJson, type Operation, type PathParams } from "@perdure/wire";
import type { Reader } from "./answers.ts";
import { backoffMs } from "./backoff.ts";
import { readRefusal, wrongAnswer, type Refusal } from "./refusal.ts";
import { remoteLimits } from "./limits.ts";
import type { Carrier } from "./carrier.ts";
import { closed, NoAnswer, type Incoming, type Lane } from "./transport.ts";

/**
 * - `any`: a read, or a write that says the same again.
 * - `here`: the same, but only within this call: its id was drawn for it.
 * - `once`: a second time would be a second effect.
 */
export type Repeat = "any" | "here" | "once";

export interface Call<O extends Operation, T> {
  readonly params: PathParams<O>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** In place of a body: a line of JSON as it is. */
  readonly line?: string;
  readonly answer: Reader<T>;
  readonly repeat: Repeat;
  /** `unavailable` is about the run, not the server: told at once. */
  readonly isAboutRun?: boolean;
  /** The server may hold it for as long as it likes: only its absence counts. */
  readonly isLong?: boolean;
  readonly lane?: Lane;
  readonly attemptMs?: number;
  readonly deadlineMs?: number;
}

/** How one try ended when not well. */
interface Setback {
  readonly error: PerdureError | NoAnswer;
  readonly isTransient: boolean;
  readonly mayBeDone: boolean;
  readonly waitMs?: number;
}

/** Of a server that is leaving, or behind a balancer that has none. */
const AWAY = 503;
const NDJSON = "application/x-ndjson";

export interface CallerParts {
  readonly carrier: Carrier;
  readonly env: Env;
  readonly deadlineMs: number;
}

export class Caller {
  readonly #carrier: Carrier;
  readonly #env: Env;
  readonly #deadlineMs: number;
  readonly #closing = new AbortController();
  #isAway = false;

  constructor({ carrier, env, deadlineMs }: CallerParts) {
    this.#carrier = carrier;
    this.#env = env;
    this.#deadlineMs = deadlineMs;
  }

  async call<O extends Operation, T>(operation: O, call: Call<O, T>): Promise<T> {
    const { repeat, isLong = false, deadlineMs = this.#deadlineMs } = call;
    let deadline = this.#env.monotonic() + deadlineMs;
    let mayBeDone = false;
    let refusal: PerdureError | undefined;
    for (let attempt = 1; ; attempt++) {
      const leftMs = deadline - this.#env.monotonic();
      const result = await this.#try(operation, call, leftMs);
      if ("value" in result) return result.value;
      const { error, isTransient, waitMs } = result;
      mayBeDone ||= result.mayBeDone;
      if (error instanceof PerdureError) refusal = error;
      const wasHeld = error instanceof NoAnswer && error.wasLate;
      if (isLong && wasHeld) deadline = this.#env.monotonic() + deadlineMs;
      const pauseMs = Math.max(waitMs ?? 0, this.pauseMs(attempt));
      const isSafe = repeat !== "once" || !mayBeDone;
      const isInTime = this.#env.monotonic() + pauseMs < deadline;
      if (!isTransient || !isSafe || !isInTime) {
        // What the server has said tells more than that time ran out.
        const last = isTransient && isSafe ? (refusal ?? error) : error;
        throw this.#final(operation, last, mayBeDone && repeat !== "any");
      }
      this.#away(error);
      await this.pause(pauseMs);
    }
  }

  /** Waits that need not take turns. */
  get waitsAtOnce(): number {
    return this.#carrier.waitsAtOnce;
  }

  pauseMs(attempt: number): number {
    return backoffMs(attempt - 1, remoteLimits.pause, this.#env);
  }

  /** Ends early, with an error, when this is closed. */
  pause(ms: number): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        reject(closed());
      };
      const cancel = this.#env.after(ms, () => {
        this.#closing.signal.removeEventListener("abort", end);
        resolve();
      });
      this.#closing.signal.addEventListener("abort", end, { once: true });
    });
  }

  close(): void {
    this.#closing.abort();
  }

  async #try<O extends Operation, T>(
    operation: O,
    call: Call<O, T>,
    leftMs: number,
  ): Promise<{ readonly value: T } | Setback> {
    const { params, query, body, line, lane = "call", attemptMs = remoteLimits.attemptMs } = call;
    const { address } = this.#carrier;
    let incoming: Incoming;
    try {
      incoming = await this.#carrier.send({
        operation,
        params,
        lane,
        query: searchOf(query),
        withinMs: Math.min(attemptMs, leftMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(line === undefined ? {} : { body: `${line}\n`, media: NDJSON }),
      });
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return { error, isTransient: error.isTransient, mayBeDone: error.wasSent };
    }
    if (incoming.status >= 200 && incoming.status < 300) {
      this.#back();
      return { value: this.#read(operation, incoming, call.answer) };
    }
    if (incoming.status === AWAY) this.#carrier.moveOn(address);
    const refusal = readRefusal(operation, address, incoming);
    return { ...refusal, isTransient: refusal.isTransient && !isAboutRun(call, refusal) };
  }

  #read<T>(operation: Operation, { status, body }: Incoming, answer: Reader<T>): T {
    const { address } = this.#carrier;
    let json: Json | undefined;
    try {
      json = status === 204 ? undefined : parseJson(body, "the answer");
      return answer(json);
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error;
      throw wrongAnswer(operation, address, error.message);
    }
  }

  #final(operation: Operation, error: Setback["error"], isUnknown: boolean): PerdureError {
    const { origin, base } = this.#carrier.address;
    if (isUnknown) {
      const text =
        `Nobody knows whether ${operation} took effect: the server at ${origin}${base} ended the ` +
        `call without an answer (${error.message}). Look before you ask again.`;
      return new PerdureError("closed", text, { detail: { effect: "unknown" }, cause: error });
    }
    if (error instanceof PerdureError) return error;
    const text =
      `The server at ${origin}${base} cannot be reached (${error.message}): check that it runs, ` +
      `and that the URL is right.`;
    return new PerdureError("unavailable", text, { cause: error });
  }

  /** An outage is one line in the log, however many calls meet it. */
  #away(error: Error): void {
    if (this.#isAway) return;
    this.#isAway = true;
    const { origin } = this.#carrier.address;
    this.#env.log("warn", `the server at ${origin} does not answer; trying on`, { error });
  }

  #back(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#env.log("info", `the server at ${this.#carrier.address.origin} answers again`);
  }
}

function isAboutRun(
  { isAboutRun: applies = false }: Pick<Call<Operation, unknown>, "isAboutRun">,
  refusal: Refusal,
): boolean {
  return applies && refusal.error.code === "unavailable" && refusal.isOurs;
}

function searchOf(query: Call<Operation, unknown>["query"]): string {
  if (query === undefined) return "";
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return search.toString();
}
