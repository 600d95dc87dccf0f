/** A call that came over a socket, as a route is asked. */
import type { EngineClient } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { parseJson, type WireCall } from "@perdure/wire";
import type { Caller } from "../access/caller.ts";
import type { Notes } from "../http/attend.ts";
import type { RawAsk } from "../http/route.ts";
import { targetOf } from "../http/target-of.ts";
import type { RequestTrace } from "../telemetry/tracing.ts";

export interface CallAskParts {
  readonly call: WireCall;
  readonly caller: Caller;
  readonly engine: EngineClient;
  readonly requestId: string;
  readonly trace: RequestTrace;
  readonly notes: Notes;
  /** Ends when nobody waits for the answer any more. */
  readonly signal: () => AbortSignal;
}

export function callAsk(parts: CallAskParts): RawAsk {
  const { call, notes, caller, engine, requestId, trace, signal } = parts;
  const { params, body } = call;
  const query = new URLSearchParams(call.query);
  notes.target = targetOf(params, query);
  return {
    caller,
    engine,
    requestId,
    trace,
    params,
    query,
    signal,
    header: () => undefined,
    // Its connection bounds how many of its calls stay.
    stay: () => nothing,
    bytes: null,
    async json() {
      if (body === undefined) throw noBody();
      const json = parseJson(body, "the body");
      notes.target ??= targetOf(json);
      return json;
    },
  };
}

function nothing(): void {}

function noBody(): PerdureError {
  return new PerdureError("invalid-argument", "The call has no body: send it as JSON.");
}
