/**
 * A payload in JSON. Bytes that are JSON text travel as that text, so that a person can read an
 * answer; all others as base64. Neither side parses the text on the way (it is the workflow's).
 */
import { PerdureError, type Json, type Payload } from "@perdure/kernel";

/** As it is answered, and accepted. */
export type PayloadJson = {
  readonly encoding: string;
  readonly metadata?: Readonly<Record<string, string>>;
} & ({ readonly text: string } | { readonly data: string });

/** As it is accepted too: any JSON value, for people and `curl`. */
export type PayloadInput = PayloadJson | { readonly value: Json };

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function payloadToJson({ encoding, data, metadata }: Payload): PayloadJson {
  const text = encoding === "json" ? textOf(data) : undefined;
  return {
    encoding,
    ...(text === undefined ? { data: toBase64(data) } : { text }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/**
 * `what` names the payload in the error, as in "the input". Whatever a stranger sent may be given:
 * what is not a payload is refused.
 */
export function payloadFromJson(json: unknown, what: string): Payload {
  const fields = fieldsOf(json);
  const { encoding, text, data, value, metadata } = fields ?? {};
  if (encoding === undefined && value !== undefined) {
    return { encoding: "json", data: encoder.encode(JSON.stringify(value)) };
  }
  if (typeof encoding !== "string" || !isMetadata(metadata)) throw notAPayload(what);
  const extra = metadata === undefined ? {} : { metadata };
  if (typeof text === "string") return { encoding, data: encodeText(text, what), ...extra };
  if (typeof data === "string") return { encoding, data: fromBase64(data, what), ...extra };
  throw notAPayload(what);
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(json: unknown): Fields | undefined {
  return typeof json === "object" && json !== null ? (json as Fields) : undefined;
}

function isMetadata(metadata: unknown): metadata is Payload["metadata"] {
  if (metadata === undefined) return true;
  const fields = fieldsOf(metadata);
  return (
    fields !== undefined &&
    !Array.isArray(metadata) &&
    Object.values(fields).every((value) => typeof value === "string")
  );
}

function notAPayload(what: string): PerdureError {
  const shapes = '{ "encoding", "text" or "data" in base64, "metadata"? } or { "value" }';
  return new PerdureError("invalid-argument", `${what} must be a payload: ${shapes}.`);
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return strict.decode(data);
  } catch {
    return undefined;
  }
}

/** Half of a surrogate pair would silently become another character. */
function encodeText(text: string, what: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const error = `${what} holds half of a surrogate pair, which UTF-8 cannot write: send base64 in "data".`;
  throw new PerdureError("invalid-argument", error);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The standard alphabet with padding (RFC 4648 section 4), and nothing else. */
function fromBase64(text: string, what: string): Uint8Array {
  if (BASE64.test(text)) return new Uint8Array(Buffer.from(text, "base64"));
  const error = `${what} is not base64 with padding (RFC 4648, section 4): encode its bytes so.`;
  throw new PerdureError("invalid-argument", error);
}

function toBase64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
}
