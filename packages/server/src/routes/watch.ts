/**
 * A run, live. The journal is the buffer: whoever reads slowly is not sent what was kept for them,
 * but what the journal holds from where they are, so a thousand slow readers cost no memory.
 *
 * L1  Events go out once each, in order and without a gap, after they are durable.
 * L2  `id` is the seq of the last event in a message; a reader that comes back with it misses none.
 * L3  After the event that closes the run comes `closed`, and the stream ends.
 */
import type { Env } from "@perdure/engine";
import { isClosing, PerdureError, type RunEvent, type RunId } from "@perdure/kernel";
import { toJson } from "@perdure/wire";
import { EventStream } from "../http/event-stream.ts";
import { streamRoute, type Asked, type Route } from "../http/route.ts";
import { weigh } from "../http/weigh.ts";
import type { ServerLimits } from "../limits.ts";
import { runOf } from "./runs.ts";
import { watchQuery } from "./schemas/runs.ts";
import { Tail, type TailParts } from "./tail.ts";

/** Of one message, but for a single event that is larger. */
const MESSAGE_BYTES = 1_048_576;

export function watchRoute(env: Env, limits: ServerLimits): Route {
  return streamRoute({
    operation: "runs.watch",
    summary: "The events of a run, as they happen",
    description:
      "Server-sent events: `events` with `{ events }`, and `closed` with `{ outcome }` at the end. " +
      "The id is the last seq sent; `Last-Event-ID` or `from` resumes after it. Default: from now on.",
    query: watchQuery,
    media: "text/event-stream",
    async handle(ask) {
      const runId = runOf(ask);
      const { seq, outcome } = await ask.engine.describe(runId);
      const after = lastEventId(ask.header("last-event-id")) ?? ask.query.from ?? seq;
      const { heartbeatMs, watchStallMs: stallMs, watchEvents } = limits;
      const leave = ask.stay();
      const tail = tailOr(leave, { engine: ask.engine, runId, after, maxEvents: watchEvents });
      const stream = new EventStream({ env, heartbeatMs, stallMs, signal: ask.signal() });
      const over = outcome !== undefined && after >= seq;
      void (over ? farewell(ask, runId, stream) : follow(ask, runId, tail, stream))
        .catch((error: unknown) => {
          env.log("warn", "a live stream ended early", { requestId: ask.requestId, error });
        })
        .finally(() => stream.close());
      stream.onEnd(() => {
        tail.close();
        leave();
      });
      return stream.response;
    },
  });
}

/** The run may have too many watchers; whoever is refused does not stay. */
function tailOr(leave: () => void, parts: TailParts): Tail {
  try {
    return new Tail(parts);
  } catch (error) {
    leave();
    throw error;
  }
}

async function follow(ask: Asked, runId: RunId, tail: Tail, stream: EventStream): Promise<void> {
  for await (const events of tail) {
    for (const message of messagesOf(events)) {
      if (!(await sendEvents(stream, message))) return;
    }
    const last = events.at(-1);
    if (last !== undefined && isClosing(last.kind)) return farewell(ask, runId, stream);
  }
}

async function farewell({ engine }: Asked, runId: RunId, stream: EventStream): Promise<void> {
  const { seq, outcome } = await engine.describe(runId);
  await stream.send({ event: "closed", id: String(seq), data: toJson({ outcome }) });
}

function sendEvents(stream: EventStream, events: readonly RunEvent[]): Promise<boolean> {
  const id = String(events.at(-1)?.seq);
  return stream.send({ event: "events", id, data: toJson({ events }) });
}

/** What came together, in pieces that a reader can hold. */
function* messagesOf(events: readonly RunEvent[]): Generator<readonly RunEvent[]> {
  let message: RunEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const weight = weigh(event);
    if (message.length > 0 && bytes + weight > MESSAGE_BYTES) {
      yield message;
      [message, bytes] = [[], 0];
    }
    message.push(event);
    bytes += weight;
  }
  if (message.length > 0) yield message;
}

/** An id that this server did not give out is a mistake, not "from the beginning" (trap T3). */
function lastEventId(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const advice = "Last-Event-ID must be the id of an event of this stream: leave it out otherwise.";
  throw new PerdureError("invalid-argument", advice);
}
