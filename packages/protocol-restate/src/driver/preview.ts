/**
 * Values as people read them: an endpoint turns what its handlers wrote into JSON, and back, where it
 * has a serializer of its own for them (`POST /serdes/{service}/{decode or encode}/{name}`).
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Deployment } from "../deployments/deployment.ts";
import type { OutboundGuard } from "./http/dial.ts";
import { wholeAnswer, type WholeErrors } from "./http/whole-answer.ts";
import { unsigned, type RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";

export interface PreviewRequest {
  readonly deployment: Deployment;
  readonly service: string;
  readonly operation: "decode" | "encode";
  readonly serde: string;
  readonly body: Uint8Array;
}

export interface PreviewParts {
  readonly env: Env;
  readonly guard: OutboundGuard;
  readonly identity?: RequestIdentity;
}

export interface Preview {
  readonly contentType: string;
  readonly body: Uint8Array;
}

export async function preview(request: PreviewRequest, parts: PreviewParts): Promise<Preview> {
  const { deployment, service, operation, serde } = request;
  const url = new URL(deployment.uri);
  const name = nameInPath(serde);
  const path = `${url.pathname.replace(/\/+$/, "")}/serdes/${service}/${operation}/${name}`;
  const signed = (await parts.identity?.headers(path)) ?? unsigned;
  const headers = {
    ...deployment.additionalHeaders,
    ...signed,
    "content-type": operation === "encode" ? "application/json" : "application/octet-stream",
  };
  const { head, body } = await wholeAnswer(
    {
      method: "POST",
      origin: url,
      path,
      headers,
      body: request.body,
      useHttp11: deployment.useHttp11,
      maxBytes: driverLimits.previewBytes,
    },
    parts,
    errors,
  );
  if (head.status !== 200) {
    const words = Buffer.from(body).toString().slice(0, 500);
    throw refused(`it answered with ${head.status} (${words}): does it have that serializer?`);
  }
  return { contentType: head.header("content-type") ?? "application/octet-stream", body };
}

const errors: WholeErrors = {
  missing: refused,
  tooLarge: () => refused(`its answer has more than ${driverLimits.previewBytes} bytes`),
  failed: ({ message }) => refused(message),
};

function refused(why: string): PerdureError {
  const text = `The endpoint cannot show the value: ${why}.`;
  return new PerdureError("unavailable", text);
}

/** An endpoint reads the rest of the path as the name, slashes and all; but no other path (T6). */
function nameInPath(serde: string): string {
  const parts = serde.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    const text = `"${serde.slice(0, 160)}" names no serializer: an endpoint has none of that name.`;
    throw new PerdureError("invalid-argument", text);
  }
  return parts.map(encodeURIComponent).join("/");
}
