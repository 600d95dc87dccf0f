/** Bodies, read up to a limit whatever their header says. */
import { limits, PerdureError } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import { restateLimits } from "../../limits.ts";
import { bytesIn } from "../bytes.ts";
import type { DoorRequest } from "./door-answer.ts";

/** What a journal takes as one value. */
export async function readBytes(request: DoorRequest): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limits.payloadBytes) throw tooLarge();
  return bytesIn(request.body, limits.payloadBytes, tooLarge);
}

export async function readJson(request: DoorRequest): Promise<unknown> {
  const bytes = await readBytes(request);
  return parseJson(bytes, "The body", { bytes: restateLimits.targetBytes });
}

function tooLarge(): PerdureError {
  const text =
    `The body has more than ${limits.payloadBytes} bytes: keep the data elsewhere and pass a ` +
    "reference.";
  return new PerdureError("limit-exceeded", text);
}
