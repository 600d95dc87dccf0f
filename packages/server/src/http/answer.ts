/** What a route answers, before it is known through which door it leaves. */
import type { PerdureError } from "@perdure/kernel";
import { errorToJson } from "@perdure/wire";
import { statusOf } from "./refusal.ts";

export interface JsonAnswer {
  readonly status: number;
  /** JSON; absent: the status says it all. */
  readonly text?: string;
}

/** A stream answers by itself, and only over HTTP. */
export type Answer = JsonAnswer | Response;

export function jsonAnswer(value: unknown, status = 200): JsonAnswer {
  return { status, text: JSON.stringify(value) };
}

export function refusalAnswer(error: PerdureError): JsonAnswer {
  return jsonAnswer(errorToJson(error), statusOf(error));
}

export function responseOf(answer: Answer): Response {
  if (answer instanceof Response) return answer;
  const { status, text } = answer;
  if (text === undefined) return new Response(null, { status });
  return new Response(text, { status, headers: { "content-type": "application/json" } });
}
