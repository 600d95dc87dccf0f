/**
 * A `fetch` for the SDK's client that lives through faults, as a careful application would write.
 *
 * 1. A call or send gets an idempotency key, so that asking again is safe; a workflow's own key does.
 * 2. It asks again after a broken connection, an answer that does not come, and an answer of the
 *    server (not of the invocation) that says "later".
 * 3. Now and then a request that is safe is sent twice at once.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";

const attemptMs = 4_000;
const pauseMs = 60;
const duplicates = 0.1;

export function patientFetch(random: Random, deadlineMs: number): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : input.toString();
    const headers = new Headers(init?.headers);
    if (isInvocation(url) && !headers.has("idempotency-key")) {
      headers.set("idempotency-key", randomUUID());
    }
    const deadline = performance.now() + deadlineMs;
    const ask = () => oneAttempt(url, { ...init, headers }, init?.signal ?? undefined);
    for (;;) {
      try {
        const isTwice = random.happens(duplicates);
        const replies = isTwice ? [ask(), ask()] : [ask()];
        const reply = await Promise.any(replies);
        if (!isForLater(reply) || performance.now() > deadline) return reply;
        await reply.arrayBuffer();
      } catch (error) {
        if (init?.signal?.aborted === true || performance.now() > deadline) throw error;
      }
      await sleep(pauseMs);
    }
  };
}

async function oneAttempt(
  url: string,
  init: RequestInit,
  callers: AbortSignal | undefined,
): Promise<Response> {
  const own = AbortSignal.timeout(attemptMs);
  const signal = callers === undefined ? own : AbortSignal.any([own, callers]);
  const reply = await fetch(url, { ...init, signal });
  // The body too may break: it is read here, where asking again is possible.
  const body = await reply.arrayBuffer();
  const isEmpty = reply.status === 204 || reply.status === 304;
  return new Response(isEmpty ? null : body, { status: reply.status, headers: reply.headers });
}

/** Calls and sends; a workflow's run has its key, and takes no other. */
function isInvocation(url: string): boolean {
  const { pathname } = new URL(url);
  if (/^\/restate\/(call|send)\//.test(pathname)) return true;
  return !pathname.startsWith("/restate/") && !/^\/\w+\/\w+\/run(\/send)?$/.test(pathname);
}

const isForLater = ({ status, headers }: Response): boolean =>
  [429, 500, 502, 503, 504].includes(status) &&
  headers.get("x-restate-error-source") !== "invocation";
