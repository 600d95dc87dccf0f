/** Messages that leave their partition, to bytes and back. */
import type { Envelope } from "@perdure/kernel";
import { corrupt, pack, unpack } from "./msgpack.ts";

export function encodeMessage(envelope: Envelope): Uint8Array {
  return pack([envelope.to, envelope.message]);
}

export function decodeMessage(bytes: Uint8Array): Envelope {
  const value = unpack(bytes, "a message");
  const [to, message] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof to !== "string" || typeof message !== "object" || message === null) {
    throw corrupt("a message", "it is not an envelope");
  }
  return { to, message } as Envelope;
}
