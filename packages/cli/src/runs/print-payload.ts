/** A payload that was asked for: JSON as it is, so that it can be piped; other bytes described. */
import { PerdureError, type Payload } from "@perdure/kernel";
import { parseJson, payloadToJson } from "@perdure/wire";
import type { Context } from "../context.ts";

export function printPayload(context: Context, payload: Payload | undefined): void {
  if (context.json) {
    context.out.json(payload === undefined ? {} : { output: payload });
    return;
  }
  if (payload === undefined || payload.data.length === 0) return;
  const json = payloadToJson(payload);
  if ("text" in json) {
    context.out.json(parseJson(json.text, "the answer"));
    return;
  }
  const text = `The answer is encoded as "${payload.encoding}": --json prints its bytes as base64.`;
  throw new PerdureError("invalid-argument", text);
}
