/** Bodies, read up to a limit whatever their header says. */
import { limits, PerdureError } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { restateLimits } from "../../limits.ts";

/** What a journal takes as one value. */
export async function readBytes(request: Request): Promise<Uint8Array> {
  const limit = limits.payloadBytes;
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, bytes);
}

export async function readJson(request: Request): Promise<unknown> {
  const bytes = await readBytes(request);
  return parseJson(bytes, "The body", { bytes: restateLimits.targetBytes });
}

function tooLarge(limit: number): PerdureError {
  const text = `The body has more than ${limit} bytes: keep the data elsewhere and pass a reference.`;
  return new PerdureError("limit-exceeded", text);
}
