/** Texts, numbers, payloads and keys, as every route takes and answers them. */
import {
  isRunId,
  limits,
  PerdureError,
  type Failure,
  type Json,
  type JsonObject,
  type Payload,
  type RunId,
} from "@perdure/kernel";
import { parseJson, payloadFromJson } from "@perdure/wire";
import * as z from "zod";

export function text(chars: number): z.ZodString {
  // PostgreSQL has no NUL in a text, so no store is given one.
  return z
    .string()
    .min(1)
    .max(chars)
    .regex(/^[^\0]*$/u, "a NUL is not allowed");
}

export const name: z.ZodString = text(limits.nameChars);
export const id: z.ZodString = text(limits.idChars);
/** Words for people: a reason, a note. */
export const remark: z.ZodString = text(limits.failureMessageChars);

/** Ms since epoch, or a duration in ms. */
export const ms: z.ZodInt = z.int().min(0);

export const runId: z.ZodType<RunId, string> = z
  .string()
  .meta({ format: "uuid" })
  .transform((value, context): RunId => {
    if (isRunId(value)) return value;
    context.issues.push({ code: "custom", message: "is not a run id", input: value });
    return z.NEVER;
  });

const metadata = z.record(z.string(), z.string());
const encoding = text(limits.nameChars);

/** As a body brings it: with text, with base64, or any JSON value. */
export const payload: z.ZodType<Payload> = z
  .union([
    z.strictObject({ value: z.unknown() }),
    z.strictObject({ encoding, text: z.string(), metadata: metadata.exactOptional() }),
    z.strictObject({ encoding, data: z.string(), metadata: metadata.exactOptional() }),
  ])
  .transform((json, context): Payload => {
    try {
      if ("value" in json && json.value === undefined) throw missing();
      return payloadFromJson(json, "it");
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error;
      context.issues.push({ code: "custom", message: error.message, input: json });
      return z.NEVER;
    }
  })
  .meta({ id: "PayloadInput", description: "Text or base64 under an encoding, or a JSON value." });

export const payloadAnswer: z.ZodType = z
  .union([
    z.strictObject({ encoding, text: z.string(), metadata: metadata.exactOptional() }),
    z.strictObject({ encoding, data: z.base64(), metadata: metadata.exactOptional() }),
  ])
  .meta({ id: "Payload", description: "`text` where the bytes are JSON text, base64 otherwise." });

export const jsonObject: z.ZodType<JsonObject> = z.record(
  z.string(),
  z.unknown(),
) as unknown as z.ZodType<JsonObject>;

export const headers: z.ZodType<Readonly<Record<string, string>>> = z.record(
  z.string(),
  z.string(),
);

export const failure: z.ZodType<Failure> = z
  .strictObject({
    code: name,
    message: z.string().max(limits.failureMessageChars),
    retryable: z.boolean().exactOptional(),
    retryAfterMs: ms.exactOptional(),
    stack: z.string().max(limits.failureStackChars).exactOptional(),
    details: payload.exactOptional(),
    get cause(): z.ZodExactOptional<z.ZodType<Failure>> {
      return failure.exactOptional();
    },
  })
  .meta({ id: "FailureInput" });

export const keyRef: z.ZodObject<{ kind: z.ZodString; id: z.ZodString }, z.core.$strict> = z
  .strictObject({ kind: name, id })
  .meta({ id: "Key" });

/** In a query everything is text. */
export function count(max: number, min = 1): z.ZodType<number, string> {
  return z
    .string()
    .transform((value, context): number => {
      const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      const message = `must be a whole number from ${min} to ${max}`;
      context.issues.push({ code: "custom", message, input: value });
      return z.NEVER;
    })
    .meta({ type: "integer", minimum: min, maximum: max });
}

/** JSON in a query, as in `attributes={"customer":"c-7"}`. */
export const jsonText: z.ZodType<JsonObject, string> = z
  .string()
  .transform((value, context): JsonObject => {
    try {
      const json: Json = parseJson(value, "it");
      if (typeof json === "object" && json !== null && !Array.isArray(json)) {
        return json as JsonObject;
      }
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error;
    }
    const message = 'must be a JSON object, as in {"customer":"c-7"}';
    context.issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  })
  .meta({ contentMediaType: "application/json" });

function missing(): PerdureError {
  return new PerdureError("invalid-argument", "it has no value");
}
