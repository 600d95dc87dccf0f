/** Bodies, read up to a limit whatever their header says. */
import { limits, PerdureError } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { restateLimits } from "../../limits.ts";
import type { DoorRequest } from "./door-answer.ts";

/** What a journal takes as one value. */
export async function readBytes(request: DoorRequest): Promise<Uint8Array> {
  const limit = limits.payloadBytes;
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  // Bytes of its own: a chunk is a part of what the socket read, which would be kept with it.
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

export async function readJson(request: DoorRequest): Promise<unknown> {
  const bytes = await readBytes(request);
  return parseJson(bytes, "The body", { bytes: restateLimits.targetBytes });
}

function tooLarge(limit: number): PerdureError {
  const text = `The body has more than ${limit} bytes: keep the data elsewhere and pass a reference.`;
  return new PerdureError("limit-exceeded", text);
}
