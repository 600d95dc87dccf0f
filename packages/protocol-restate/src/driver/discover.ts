/**
 * What an endpoint says of itself: `GET /discover`.
 *
 * The codes in the messages (META0003 and so on) are those that Restate's tools know.
 */
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import { parseJson } from "@perdure/wire";
import type { OutboundGuard } from "./http/dial.ts";
import type { ExchangeFailure, ResponseHead } from "./http/exchange.ts";
import { wholeAnswer, type WholeErrors } from "./http/whole-answer.ts";
import { unsigned, type RequestIdentity } from "./identity.ts";
import { driverLimits } from "./limits.ts";

export interface DiscoverRequest {
  readonly uri: string;
  /** The deployment's own, sent with every request to it. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly useHttp11?: boolean;
}

export interface DiscoverParts {
  readonly env: Env;
  readonly guard: OutboundGuard;
  readonly identity?: RequestIdentity;
}

export interface Discovered {
  /** Parsed JSON, of at most `driverLimits.manifestBytes`; what is in it is not checked. */
  readonly manifest: unknown;
  readonly protocolMode: "BIDI_STREAM" | "REQUEST_RESPONSE";
  readonly sdkVersion?: string;
}

const MANIFEST = "application/vnd.restate.endpointmanifest.v";
const accept = [1, 2, 3, 4].map((version) => `${MANIFEST}${version}+json`).join(", ");

export async function discover(
  { uri, headers = {}, useHttp11 = false }: DiscoverRequest,
  parts: DiscoverParts,
): Promise<Discovered> {
  const url = urlOf(uri);
  const path = `${url.pathname.replace(/\/+$/, "")}/discover`;
  const signed = (await parts.identity?.headers(path)) ?? unsigned;
  const { head, body } = await wholeAnswer(
    {
      method: "GET",
      origin: url,
      path,
      headers: { ...headers, ...signed, accept },
      useHttp11,
      maxBytes: driverLimits.manifestBytes,
    },
    parts,
    errorsOf(url, useHttp11),
  );
  if (head.status !== 200) throw refused(uri, head, body);
  const type = head.header("content-type") ?? "";
  if (!type.startsWith(MANIFEST)) {
    throw wrong(
      "META0013",
      `its content type is "${type.slice(0, 100)}", which is no manifest's`,
      uri,
    );
  }
  const manifest = parsed(body, uri);
  const sdkVersion = head.header("x-restate-server");
  return {
    manifest,
    protocolMode: modeOf(manifest),
    ...(sdkVersion === undefined ? {} : { sdkVersion: sdkVersion.slice(0, 200) }),
  };
}

function errorsOf(url: URL, useHttp11: boolean): WholeErrors {
  const large = `its manifest has more than ${driverLimits.manifestBytes} bytes`;
  return {
    missing: (why) => wrong("META0003", why, url.href),
    tooLarge: () => wrong("META0013", large, url.href),
    failed: (failure) => unreached(failure, url, useHttp11),
  };
}

function urlOf(uri: string): URL {
  const url = URL.parse(uri);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw wrong("META0003", "it is no http or https URL", uri);
}

function unreached(failure: ExchangeFailure, url: URL, useHttp11: boolean): PerdureError {
  if (failure.kind === "forbidden") {
    return new PerdureError("forbidden", failure.message, { cause: failure });
  }
  if (failure.kind !== "protocol" || useHttp11) {
    return wrong("META0003", failure.message, url.href, failure);
  }
  const hint =
    `it could not be spoken to in HTTP/2 (${failure.message}): if it speaks HTTP/1.1 only, ` +
    `register it with use_http_11`;
  return wrong("META0014", hint, url.href, failure);
}

function refused(uri: string, head: ResponseHead, body: Uint8Array): PerdureError {
  if (head.status === 415) {
    return wrong("META0013", "its SDK speaks none of the manifest versions 1 to 4 (415)", uri);
  }
  const { status } = head;
  if (status >= 300 && status < 400) {
    return wrong("META0003", `it answered ${status}, and redirects are not followed`, uri);
  }
  if (status === 401 || status === 403) {
    const hint = "if it checks who calls it, give it this server's identity key";
    return wrong("META0003", `it answered ${status}: ${hint}`, uri);
  }
  const text = Buffer.from(body.subarray(0, 200)).toString("utf8").trim();
  return wrong("META0003", `it answered ${status}${text === "" ? "" : ` (${text})`}`, uri);
}

function parsed(body: Uint8Array, uri: string): unknown {
  try {
    return parseJson(body, "its manifest", { bytes: driverLimits.manifestBytes });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrong("META0013", reason, uri, error);
  }
}

function modeOf(manifest: unknown): Discovered["protocolMode"] {
  const isBidi =
    typeof manifest === "object" &&
    manifest !== null &&
    "protocolMode" in manifest &&
    manifest.protocolMode === "BIDI_STREAM";
  return isBidi ? "BIDI_STREAM" : "REQUEST_RESPONSE";
}

function wrong(code: string, why: string, uri: string, cause?: unknown): PerdureError {
  const text = `[${code}] The endpoint ${uri.slice(0, 200)} cannot be discovered: ${why}.`;
  return new PerdureError("invalid-argument", text, {
    detail: { restateCode: code },
    ...(cause === undefined ? {} : { cause }),
  });
}
