/** Answers in the shapes of Restate's admin API. */
import { PerdureError } from "@perdure/kernel";
import { httpStatus, parseJson } from "@perdure/wire";
import type { z } from "zod";
import { restateCodeOf } from "../../deployments/restate-error.ts";
import { restateLimits } from "../../limits.ts";
import { bytesIn } from "../bytes.ts";

const JSON_TYPE = { "content-type": "application/json" };

export function json(
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...headers, ...JSON_TYPE } });
}

export function done(status = 200): Response {
  return new Response(null, { status });
}

/** What is not a PerdureError is ours, and its text stays here (trap T9). */
export function refusal(error: unknown): Response {
  if (!(error instanceof PerdureError)) {
    return told("Something went wrong here: the server's log has it.", 500);
  }
  return told(error.message, httpStatus[error.code], restateCodeOf(error));
}

export function told(message: string, status: number, restateCode?: string): Response {
  return json({ message, restate_code: restateCode ?? null }, status);
}

/** A refusal with a status that no error code has: 422, 425, 501. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export async function bodyOf<T>(request: Request, shape: z.ZodType<T>): Promise<T> {
  const bytes = await bytesOf(request);
  const result = shape.safeParse(parseJson(bytes, "the request's body"));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue?.path.map(String).join(".").slice(0, 200) ?? "";
  const text = `The request's body is not as it should be (${at}: ${issue?.message ?? "wrong"}).`;
  throw new PerdureError("invalid-argument", text);
}

export async function bytesOf(request: Request): Promise<Uint8Array> {
  return bytesIn(request.body, restateLimits.adminBodyBytes, tooLarge);
}

function tooLarge(): PerdureError {
  const text = `The request's body has more than ${restateLimits.adminBodyBytes} bytes: send less.`;
  return new PerdureError("limit-exceeded", text);
}
