/**
 * Calls a service over HTTP, once. Trying again is the engine's business; this only says what
 * kind of failure it was.
 */
import { PermanentError, RetryAfterError } from "perdure";
import type { Activity } from "./activity.ts";
import { NOT_DONE, NotDoneError } from "./not-done.ts";

const CLIENT_TIMEOUT_MS = 1500;

/** What a step gives to the call it makes. */
export interface StepCall {
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

export class HttpClient {
  readonly #baseUrl: string;
  readonly #activity: Activity;

  constructor(baseUrl: string, activity: Activity) {
    this.#baseUrl = baseUrl;
    this.#activity = activity;
  }

  /** Answers the body of a 2xx; every other answer is an error. */
  async post(path: string, body: object, { idempotencyKey, signal }: StepCall): Promise<unknown> {
    return this.#activity.during(async () => {
      const response = await fetch(`${this.#baseUrl}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(CLIENT_TIMEOUT_MS)]),
      });
      const text = await response.text();
      if (!response.ok) throw failureOf(path, response, text);
      return JSON.parse(text) as unknown;
    });
  }
}

/**
 * 429 waits as long as it was told to; a 5xx is tried again; any other refusal is for good. What
 * fetch itself throws (no answer, connection cut) is tried again too: the key makes that harmless.
 */
function failureOf(path: string, response: Response, text: string): Error {
  const message = `${path} answered ${response.status}: ${text.slice(0, 200)}`;
  if (response.status === 429) {
    const seconds = Number(response.headers.get("retry-after"));
    const waitMs = (seconds > 0 ? seconds : 1) * 1000;
    return new RetryAfterError(message, waitMs, { code: NOT_DONE });
  }
  if (response.status === 503) return new NotDoneError(message);
  if (response.status >= 500) return new Error(message);
  return new PermanentError(message, { code: codeOf(text) });
}

function codeOf(text: string): string {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === "string" ? code : "refused";
  } catch {
    return "refused";
  }
}
