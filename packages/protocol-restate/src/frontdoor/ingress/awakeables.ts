/** Awakeables completed from outside: a signal to the invocation that their id names. */
import { PerdureError, type SignalBody } from "@perdure/kernel";
import { parseAwakeableId } from "../../ids/awakeable-id.ts";
import { payloadOf } from "../../projection/payloads.ts";
import { accepted } from "./answers.ts";
import { readBytes } from "./body.ts";
import type { DoorAsk } from "./door.ts";
import type { DoorAnswer } from "./door-answer.ts";
import type { IngressRoute } from "./routes.ts";

type AwakeableRoute = Extract<IngressRoute, { readonly type: "awakeable" }>;

/** Of a terminal error without a code of its own. */
const REJECTED = "500";
const decoder = new TextDecoder();

/** Whoever holds an id is told nothing of the invocation behind it: the answer is the same. */
export async function completeAwakeable(ask: DoorAsk, route: AwakeableRoute): Promise<DoorAnswer> {
  const { runId, index } = parseAwakeableId(route.id);
  const bytes = await readBytes(ask.request);
  const name = `#${index}`;
  const signal: SignalBody =
    route.verdict === "resolve"
      ? { name, payload: payloadOf(bytes) }
      : { name, failure: { code: REJECTED, message: decoder.decode(bytes), retryable: false } };
  try {
    await ask.caller.engine.signal({ runId }, signal);
  } catch (error) {
    if (!(error instanceof PerdureError) || !silent.has(error.code)) throw error;
  }
  return accepted();
}

const silent: ReadonlySet<string> = new Set(["not-found", "already-closed"]);
