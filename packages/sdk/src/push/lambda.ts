/** AWS Lambda behind a function URL or an HTTP API (payload format 2.0), answers in one piece. */
import type { PushHandler } from "./handler.ts";

export interface LambdaEvent {
  readonly rawPath?: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext?: { readonly http?: { readonly method?: string } };
}

export interface LambdaResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: true;
}

/** `export const handler = forLambda(pushHandler({ … }))`. */
export function forLambda({ from }: PushHandler): (event: LambdaEvent) => Promise<LambdaResult> {
  return async (event) => {
    const response = await from(requestOf(event), { isBuffered: true });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: toBase64(bytes),
      isBase64Encoded: true,
    };
  };
}

function requestOf(event: LambdaEvent): Request {
  const { rawPath = "/", rawQueryString = "", headers = {}, body, isBase64Encoded } = event;
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) fields.set(name, value);
  }
  const method = event.requestContext?.http?.method ?? "POST";
  const url = new URL(rawPath, `https://${fields.get("host") ?? "lambda"}`);
  url.search = rawQueryString;
  if (typeof body !== "string" || method !== "POST")
    return new Request(url, { method, headers: fields });
  const bytes = isBase64Encoded ? fromBase64(body) : new TextEncoder().encode(body);
  return new Request(url, { method, headers: fields, body: bytes });
}

const CHUNK = 32_768;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
