/** An awakeable is a signal of an invocation by index; its id says which of which. */
import type { RunId } from "@perdure/kernel";
import { badId } from "./base62.ts";
import { INVOCATION_ID_BYTES, invocationIdBytes, runIdOfBytes } from "./invocation-id.ts";

const PREFIX = "sign_1";
const INDEX_BYTES = 4;
/** Those below are reserved; the first is the one that cancels. */
const FIRST_INDEX = 17;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

export interface Awakeable {
  readonly runId: RunId;
  readonly index: number;
}

export function awakeableId({ runId, index }: Awakeable): string {
  const bytes = new Uint8Array(INVOCATION_ID_BYTES + INDEX_BYTES);
  bytes.set(invocationIdBytes(runId));
  new DataView(bytes.buffer).setUint32(INVOCATION_ID_BYTES, index);
  return PREFIX + Buffer.from(bytes).toString("base64url");
}

/** Throws `invalid-argument` for whatever no SDK makes. */
export function parseAwakeableId(text: string): Awakeable {
  const found = awakeableIn(text);
  if (found === undefined) throw badId("awakeable id", text, `${PREFIX} and 38 letters and digits`);
  return found;
}

function awakeableIn(text: string): Awakeable | undefined {
  const encoded = text.slice(PREFIX.length);
  if (!text.startsWith(PREFIX) || !BASE64URL.test(encoded)) return undefined;
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.byteLength !== INVOCATION_ID_BYTES + INDEX_BYTES) return undefined;
  if (bytes.toString("base64url") !== encoded) return undefined;
  const runId = runIdOfBytes(bytes.subarray(0, INVOCATION_ID_BYTES));
  const index = bytes.readUInt32BE(INVOCATION_ID_BYTES);
  return runId === undefined || index < FIRST_INDEX ? undefined : { runId, index };
}
