/**
 * An invocation is a run, and its id is the run's in Restate's dress: 24 bytes, the run's slot as
 * u64 big endian and the 16 bytes of its UUID; as text `inv_1`, then both parts in base 62.
 */
import { isRunId, slotOfRun, type RunId } from "@perdure/kernel";
import { badId, base62, fromBase62 } from "./base62.ts";

const PREFIX = "inv_1";
const SLOT_CHARS = 11;
const UUID_CHARS = 22;
const SLOT_BITS = 64;
const UUID_BITS = 128;
export const INVOCATION_ID_CHARS: number = PREFIX.length + SLOT_CHARS + UUID_CHARS;
export const INVOCATION_ID_BYTES = 24;
const SLOT_BYTES = 8;

export function invocationId(runId: RunId): string {
  const uuid = BigInt(`0x${runId.replaceAll("-", "")}`);
  return PREFIX + base62(BigInt(slotOfRun(runId)), SLOT_CHARS) + base62(uuid, UUID_CHARS);
}

/** Throws `invalid-argument` for whatever `invocationId` does not make. */
export function parseInvocationId(text: string): RunId {
  const runId = runIdIn(text);
  if (runId === undefined) {
    throw badId(
      "invocation id",
      text,
      `${PREFIX} and ${SLOT_CHARS + UUID_CHARS} letters and digits`,
    );
  }
  return runId;
}

export function isInvocationId(text: string): boolean {
  return runIdIn(text) !== undefined;
}

function runIdIn(text: string): RunId | undefined {
  if (text.length !== INVOCATION_ID_CHARS || !text.startsWith(PREFIX)) return undefined;
  const slot = fromBase62(text.slice(PREFIX.length, PREFIX.length + SLOT_CHARS), SLOT_BITS);
  const uuid = fromBase62(text.slice(PREFIX.length + SLOT_CHARS), UUID_BITS);
  return slot === undefined || uuid === undefined ? undefined : runIdOf(slot, uuid);
}

function runIdOf(slot: bigint, uuid: bigint): RunId | undefined {
  const hex = uuid.toString(16).padStart(UUID_BITS / 4, "0");
  const id = [8, 12, 16, 20].reduceRight((s, at) => `${s.slice(0, at)}-${s.slice(at)}`, hex);
  return isRunId(id) && BigInt(slotOfRun(id)) === slot ? id : undefined;
}

/** `Start.id`. */
export function invocationIdBytes(runId: RunId): Uint8Array {
  const bytes = new Uint8Array(INVOCATION_ID_BYTES);
  new DataView(bytes.buffer).setUint32(SLOT_BYTES - 4, slotOfRun(runId));
  const hex = runId.replaceAll("-", "");
  for (let i = 0; i < hex.length / 2; i++) {
    bytes[SLOT_BYTES + i] = parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/** Undefined: they are no invocation's. */
export function runIdOfBytes(bytes: Uint8Array): RunId | undefined {
  if (bytes.byteLength !== INVOCATION_ID_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const uuid = (view.getBigUint64(SLOT_BYTES) << 64n) | view.getBigUint64(SLOT_BYTES + 8);
  return runIdOf(view.getBigUint64(0), uuid);
}
