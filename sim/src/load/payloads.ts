/** Values as the SDK writes them, and back. */
import type { Payload } from "@perdure/kernel";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function payloadOf(value: unknown): Payload {
  return { encoding: "json", data: encoder.encode(JSON.stringify(value)) };
}

export function valueOf(payload: Payload | undefined): unknown {
  if (payload === undefined || payload.data.length === 0) return undefined;
  return JSON.parse(decoder.decode(payload.data));
}
