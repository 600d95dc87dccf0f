/** Bytes cut into lines, each bounded; no more than one of them is held. */
import { PerdureError } from "@perdure/kernel";

const NEWLINE = 0x0a;

export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > maxBytes) {
      const text = `A line of the body has more than ${maxBytes} bytes: what holds it is too large.`;
      throw new PerdureError("limit-exceeded", text);
    }
    if (part.length > 0) parts.push(part);
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      yield Buffer.concat(parts, bytes);
      parts = [];
      bytes = 0;
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (bytes > 0) yield Buffer.concat(parts, bytes);
}
