/**
 * Messages between nodes as rows, `[number, ...fields]`. A number is never reused, and a new field goes
 * to the end: nodes of two versions meet. Bodies are plain data, and for the engine to understand.
 */
import type { PeerMessage } from "@perdure/engine";
import { errorTable, PerdureError, type ErrorData } from "@perdure/kernel";
import { packPlain, unpackPlain } from "@perdure/wire";

const numbers = { hello: 1, ping: 2, tell: 3, call: 4, answer: 5, failure: 6 } as const;

export function encodePeerMessage(message: PeerMessage): Uint8Array {
  const number = numbers[message.type];
  switch (message.type) {
    case "hello":
      return packPlain([number, message.protocol, message.from, message.to, message.oldest]);
    case "ping":
      return packPlain([number]);
    case "tell":
      return packPlain([number, message.word, message.body]);
    case "call":
      return packPlain([number, message.id, message.verb, message.body]);
    case "answer":
      return packPlain([number, message.id, message.body]);
    case "failure":
      return packPlain([number, message.id, message.error]);
  }
}

/** Throws `invalid-argument` or `limit-exceeded`. */
export function decodePeerMessage(bytes: Uint8Array): PeerMessage {
  const row = unpackPlain(bytes);
  if (!Array.isArray(row)) throw malformed("it is not a list");
  const [number, first, second, third, fourth] = row as readonly unknown[];
  switch (number) {
    case numbers.hello:
      return {
        type: "hello",
        protocol: count(first),
        from: text(second),
        to: text(third),
        ...(fourth === undefined ? {} : { oldest: count(fourth) }),
      };
    case numbers.ping:
      return { type: "ping" };
    case numbers.tell:
      return { type: "tell", word: text(first), body: second };
    case numbers.call:
      return { type: "call", id: count(first), verb: text(second), body: third };
    case numbers.answer:
      return { type: "answer", id: count(first), body: second };
    case numbers.failure:
      return { type: "failure", id: count(first), error: errorOf(second) };
    default:
      throw malformed("it is of an unknown kind");
  }
}

function count(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed("a number in it is none from 0");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw malformed("a name in it is not a text");
}

/** Of a code that only a later version has, the engine makes `internal`. */
function errorOf(value: unknown): ErrorData {
  const data = value as Partial<ErrorData> | null | undefined;
  if (typeof data !== "object" || data === null) throw malformed("an error in it is none");
  const { code, message, retry, detail } = data;
  if (typeof code !== "string" || typeof message !== "string") {
    throw malformed("an error in it has no code or no message");
  }
  return {
    code: Object.hasOwn(errorTable, code) ? code : "internal",
    message,
    retry: retry === "later" || retry === "now" ? retry : "never",
    ...(typeof detail === "object" && detail !== null ? { detail } : {}),
  };
}

function malformed(why: string): PerdureError {
  const advice = "Bring all nodes to one version.";
  return new PerdureError(
    "invalid-argument",
    `A message of another node cannot be read: ${why}. ${advice}`,
  );
}
