/**
 * Names of durable things, and where they live.
 *
 * A run id is a UUID (version 8, RFC 9562 section 5.8) laid out so that ids sort by time and name
 * their home:
 *
 *     tttttttt-tttt-8sss-yrrr-rrrrrrrrrrrr
 *     48 bits ms since epoch | 12 bits slot | 62 bits random
 *
 * The *slot* is a hash in 0..4095. A store has up to 4,096 partitions, and a slot belongs to
 * partition `slot % count`, so that an id keeps its meaning when data moves to a store with
 * another count. A run started under a business key takes the key's slot: both machines then live
 * on one partition and their talk is local.
 */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

export type RunId = Brand<string, "RunId">;

/** A machine's address, which is also the name of its stream in the store. */
export type StreamId = Brand<string, "StreamId">;

export type MachineKind = "run" | "key" | "topic" | "schedule";

export const SLOTS = 4096;

const RUN = "run/";
/** Where in a run id the slot's three digits are. */
const SLOT_AT = 15;

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isRunId(text: string): text is RunId {
  return RUN_ID.test(text);
}

/** `random` is 16 hexadecimal digits; the two highest bits give way to the UUID variant. */
export function runId(atMs: number, slot: number, random: string): RunId {
  const time = Math.floor(atMs);
  const version = hex16(0x8000 | slot);
  const variant = hex16((parseInt(random.slice(0, 4), 16) & 0x3fff) | 0x8000);
  return `${hex32(time / 0x10000)}-${hex16(time)}-${version}-${variant}-${random.slice(4, 16)}` as RunId;
}

/**
 * The id of a run that another machine starts: a pure function of who starts it and why, so that
 * deciding the same thing twice names the same run.
 */
export function derivedRunId(atMs: number, slot: number, origin: string): RunId {
  return runId(atMs, slot, hash32(origin, 1) + hash32(origin, 2));
}

/** When named runs seem to have been drawn: their names know no time. */
const NAMED_AT = 0;

/**
 * The id of the one run that `origin` stands for, whoever asks and whenever: the same start, told by
 * two callers who know nothing of each other. The origin is in the slot of the run's business key.
 */
export function namedRunId(slot: number, origin: string): RunId {
  return derivedRunId(NAMED_AT, slot, origin);
}

export function slotOfRun(id: RunId): number {
  return hexAt(id, SLOT_AT);
}

const NAMING = "run:";

/**
 * A request id that names the run it asks for. Who repeats a start with it finds the run itself, so
 * that nothing else need be kept.
 */
export function namingRequest(id: RunId): string {
  return NAMING + id;
}

/** The run that a request id names; undefined: none, as with most. */
export function runNamedBy(requestId: string): RunId | undefined {
  if (!requestId.startsWith(NAMING)) return undefined;
  const id = requestId.slice(NAMING.length);
  return isRunId(id) ? id : undefined;
}

/** When the id was drawn, ms since epoch: for a run its start, or the call that asked for it. */
export function timeOfRun(id: RunId): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

export function slotOfText(text: string): number {
  return hash(text, 0) & (SLOTS - 1);
}

/** Who owns a business key: the kind says what lives there (`workflow`, `idempotency`, `object:cart`). */
export interface KeyRef {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

export function runStream(id: RunId): StreamId {
  return (RUN + id) as StreamId;
}

export function keyStream(key: KeyRef): StreamId {
  return `key/${part(key.namespace)}/${part(key.kind)}/${part(key.id)}` as StreamId;
}

export function topicStream(namespace: string, event: string): StreamId {
  return `topic/${part(namespace)}/${part(event)}` as StreamId;
}

export function scheduleStream(namespace: string, id: string): StreamId {
  return `schedule/${part(namespace)}/${part(id)}` as StreamId;
}

export function machineOf(stream: StreamId): MachineKind {
  return stream.slice(0, stream.indexOf("/")) as MachineKind;
}

/** The run a `run/…` stream belongs to. */
export function runOfStream(stream: StreamId): RunId {
  return stream.slice(RUN.length) as RunId;
}

/** The decoded parts of a key, topic or schedule stream's name. */
export function partsOf(stream: StreamId): string[] {
  return stream.split("/").slice(1).map(unpart);
}

export function slotOf(stream: StreamId): number {
  return stream.startsWith(RUN) ? hexAt(stream, RUN.length + SLOT_AT) : slotOfText(stream);
}

export function slotOfKey(key: KeyRef): number {
  return slotOfText(keyStream(key));
}

export function partitionOf(stream: StreamId, partitions: number): number {
  return slotOf(stream) % partitions;
}

/** `/` and `%` are the only characters a part may not hold as themselves. */
function part(text: string): string {
  return /[/%]/.test(text) ? text.replaceAll("%", "%25").replaceAll("/", "%2F") : text;
}

function unpart(text: string): string {
  return text.includes("%") ? text.replaceAll("%2F", "/").replaceAll("%25", "%") : text;
}

/** MurmurHash3's 32-bit mix over UTF-16 code units: quick, well spread, not for secrets. */
export function hash(text: string, seed: number): number {
  let h = seed | 0;
  for (let i = 0; i < text.length; i++) {
    let k = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= text.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hash32(text: string, seed: number): string {
  return hex32(hash(text, seed));
}

// Ids are made and taken apart for every start and every message: by a table, as `toString(16)` and
// `parseInt` are several times slower.
const hexOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

function hex16(bits: number): string {
  return `${hexOfByte[(bits >>> 8) & 0xff]}${hexOfByte[bits & 0xff]}`;
}

/** The 32 low bits of a whole number as eight digits. */
export function hex32(bits: number): string {
  return hex16(bits >>> 16) + hex16(bits);
}

/** The number that three hexadecimal digits say. */
function hexAt(text: string, at: number): number {
  return (digitAt(text, at) << 8) | (digitAt(text, at + 1) << 4) | digitAt(text, at + 2);
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code <= 0x39 ? code : code - 0x27) & 0xf;
}
