/** Bodies: read up to a limit, whatever their header says, and parsed within bounds. */
import { PerdureError } from "@perdure/kernel";
import { parseJson, wireLimits } from "@perdure/wire";

export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  // A browser's form cannot send this type without asking first, so no page can post here.
  if (type !== "application/json") {
    const text = "The body must be JSON: send the header content-type: application/json.";
    throw new PerdureError("invalid-argument", text);
  }
  return parseJson(await readBytes(request, wireLimits.jsonBytes), "the body");
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

function tooLarge(limit: number): PerdureError {
  const text = `The body has more than ${limit} bytes: send less at a time.`;
  return new PerdureError("limit-exceeded", text);
}
