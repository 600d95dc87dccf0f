/** Content as text, and text as something short: equal digests stand for equal content. */
import { hash } from "node:crypto";

/** The same text for the same content, whatever objects it is in. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, plain) ?? "nothing";
}

export function digestOf(text: string): string {
  return hash("sha1", text, "base64");
}

/** What an answer says, whether it is one or an error. */
export function textOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return `${error.name} ${code} ${error.message}`;
}

function plain(_name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  return typeof value === "bigint" ? String(value) : value;
}
