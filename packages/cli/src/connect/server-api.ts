/**
 * A server's own operations: API keys, push endpoints, `doctor`. What an engine does is asked through
 * `RemoteEngine`; this is for the rest, and for the first word to a server, so that a wrong address or
 * key is told in one line and at once.
 */
import { PerdureError, type Json, type JsonObject } from "@perdure/kernel";
import {
  errorFromJson,
  operations,
  parseJson,
  pathOf,
  type Operation,
  type PathParams,
} from "@perdure/wire";

export interface Server {
  readonly url: string;
  readonly apiKey?: string;
}

export interface Request {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Json;
}

const TIMEOUT_MS = 15_000;

export class ServerApi {
  readonly #server: Server;
  readonly #base: string;

  constructor(server: Server) {
    this.#server = server;
    this.#base = baseOf(server.url);
  }

  async call<O extends Operation>(
    operation: O,
    params: PathParams<O>,
    request: Request = {},
  ): Promise<JsonObject> {
    const response = await this.stream(operation, params, request);
    const text = await response.text();
    return objectOf(text === "" ? {} : parseJson(text, "The server's answer"));
  }

  /** The answer's body is the caller's to read. */
  async stream<O extends Operation>(
    operation: O,
    params: PathParams<O>,
    { query = {}, body }: Request & { readonly body?: Json | ReadableStream<Uint8Array> } = {},
  ): Promise<Response> {
    const { apiKey } = this.#server;
    const url = new URL(this.#base + pathOf(operation, params));
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    let response: Response;
    try {
      response = await fetch(url, {
        method: operations[operation].method,
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw this.#away(cause);
    }
    if (response.ok) return response;
    throw await this.#refusal(response);
  }

  #away(cause: unknown): PerdureError {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const code = inner instanceof Error && "code" in inner ? String(inner.code) : String(inner);
    const text =
      `There is no server at ${this.#server.url} (${code}).\n` +
      "Start one with perdure dev or perdure start, or say where it is: --server, PERDURE_URL.";
    return new PerdureError("unavailable", text, { cause });
  }

  async #refusal(response: Response): Promise<PerdureError> {
    const known = await errorIn(response);
    const { url, apiKey } = this.#server;
    if (response.status === 401) {
      const text =
        apiKey === undefined
          ? `The server at ${url} wants an API key: --api-key, PERDURE_API_KEY, or perdure login.`
          : `The server at ${url} does not take the API key ${shown(apiKey)}: it is wrong, expired or revoked.`;
      return new PerdureError("unauthenticated", text);
    }
    if (known) return known;
    const text = `${url} answers ${response.status}, which is no answer of a Perdure server: check --server.`;
    return new PerdureError("unavailable", text);
  }
}

/** Of a key only the part that names it. */
function shown(apiKey: string): string {
  const [prefix, id] = apiKey.split("_");
  return prefix === "pdk" && id !== undefined ? `pdk_${id}_…` : "that was given";
}

function baseOf(url: string): string {
  const parsed = URL.parse(url);
  const isHttp = parsed?.protocol === "http:" || parsed?.protocol === "https:";
  if (parsed && isHttp && parsed.username === "" && parsed.password === "") {
    return parsed.origin + parsed.pathname.replace(/\/+$/, "");
  }
  const text = "--server takes the address of a server, as in http://127.0.0.1:7373.";
  throw new PerdureError("invalid-argument", text);
}

async function errorIn(response: Response): Promise<PerdureError | undefined> {
  try {
    return errorFromJson(parseJson(await response.text(), "the answer"));
  } catch {
    return undefined;
  }
}

function objectOf(json: Json): JsonObject {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as JsonObject;
  throw new PerdureError("internal", "The server's answer is no object: is its version this one?");
}
