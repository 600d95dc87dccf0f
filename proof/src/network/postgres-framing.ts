/**
 * PostgreSQL's messages (its manual, "Message Formats"): a type byte and a length, but for the
 * first ones of a client, which have no type, and the answer to its wish for TLS, which is a byte.
 * A connection that goes on in TLS is not understood: cut points need a plain one.
 */
import { splitter, type Framing } from "./framing.ts";

const LENGTH_BYTES = 4;
const CODE_BYTES = 4;
/** Codes of requests that precede the start of a session. */
const wishes: ReadonlySet<number> = new Set([80_877_103, 80_877_104]);

export const postgres: Framing = () => {
  let hasStarted = false;
  let wishesOpen = 0;
  return {
    request: splitter((bytes) => {
      if (hasStarted) return typed(bytes);
      if (bytes.length < LENGTH_BYTES + CODE_BYTES) return undefined;
      const size = bytes.readUInt32BE(0);
      if (bytes.length < size) return undefined;
      if (wishes.has(bytes.readUInt32BE(LENGTH_BYTES))) wishesOpen += 1;
      else hasStarted = true;
      return size;
    }),
    response: splitter((bytes) => {
      if (wishesOpen === 0) return typed(bytes);
      if (bytes.length === 0) return undefined;
      wishesOpen -= 1;
      return 1;
    }),
  };
};

function typed(bytes: Buffer): number | undefined {
  return bytes.length < 1 + LENGTH_BYTES ? undefined : 1 + bytes.readUInt32BE(1);
}
