/** Arguments that are not names: JSON, numbers, moments. Whatever is wrong is said with its place. */
import { readFile } from "node:fs/promises";
import { limits, PerdureError, type Json, type JsonObject, type Payload } from "@perdure/kernel";
import { payloadFromJson, parseJson } from "@perdure/wire";
import { InvalidArgumentError } from "commander";
import { durationMs } from "perdure";
import { parse, printParseErrorCode, type ParseError } from "jsonc-parser";

import type { Context } from "./context.ts";
import { bytes } from "./terminal/preview.ts";

/** `[json]`: JSON text, `@file` for a file's, `-` for standard input's; absent: no value. */
export async function payloadArgument(
  context: Context,
  text: string | undefined,
  what: string,
): Promise<Payload> {
  if (text === undefined) return { encoding: "json", data: new Uint8Array(0) };
  return payloadFromJson({ value: await jsonArgument(context, text, what) }, what);
}

export async function jsonArgument(context: Context, text: string, what: string): Promise<Json> {
  const source = await sourceOf(context, text);
  if (Buffer.byteLength(source) > limits.payloadBytes) {
    const error = `${what} is larger than ${bytes(limits.payloadBytes)}: store it elsewhere and pass a reference.`;
    throw new PerdureError("limit-exceeded", error);
  }
  const errors: ParseError[] = [];
  parse(source, errors, { disallowComments: true });
  const [first] = errors;
  if (first) throw notJson(source, first, what);
  return parseJson(source, what);
}

export async function objectArgument(
  context: Context,
  text: string,
  what: string,
): Promise<JsonObject> {
  const value = await jsonArgument(context, text, what);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new PerdureError("invalid-argument", `${what} must be a JSON object, as in '{"a": 1}'.`);
}

async function sourceOf(context: Context, text: string): Promise<string> {
  if (text === "-") return context.readStdin();
  if (!text.startsWith("@")) return text;
  const path = text.slice(1);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : "it is no text";
    throw new PerdureError("invalid-argument", `The file ${path} cannot be read: ${why}.`);
  }
}

function notJson(source: string, { error, offset }: ParseError, what: string): PerdureError {
  const before = source.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  const place = before.length > 1 ? `line ${before.length}, column ${column}` : `column ${column}`;
  const code = printParseErrorCode(error)
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .toLowerCase();
  const isWord = /^[\w .-]+$/.test(source);
  const advice = isWord
    ? `A text needs its quotes: '${JSON.stringify(source)}'.`
    : "Put the JSON between single quotes, or in a file: @file.json.";
  const text = `${what} is not JSON: ${code} at ${place}. ${advice}`;
  return new PerdureError("invalid-argument", text);
}

/** A whole number from `least` on, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Write a whole number from ${least} on.`);
  };
}

/** A date (`2026-11-26`, `2026-11-26T03:00Z`) or how long ago (`2h`, `3d`): ms since epoch. */
export function momentArgument(text: string, now: number, what: string): number {
  const at = /^\d{4}-/.test(text) ? Date.parse(text) : now - durationMs(text);
  if (Number.isFinite(at)) return at;
  const error = `${what}: "${text}" is no date; write 2026-11-26, 2026-11-26T03:00Z, or how long ago, as in 2h.`;
  throw new PerdureError("invalid-argument", error);
}
