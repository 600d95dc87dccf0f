/** The bytes of a body, up to a limit whatever its header says. */
import type { PerdureError } from "@perdure/kernel";

/**
 * They are a copy of their own: a chunk is a part of what the socket read, which would be kept with
 * it.
 */
export async function bytesIn(
  body: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
  tooLarge: () => PerdureError,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
