/** A request of Node's as a door takes it: nothing of it is made before it is asked for. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { DoorRequest } from "@perdure/protocol-restate";
import { headerOf } from "../http/admission.ts";

export class PlainRequest implements DoorRequest {
  readonly headers: DoorRequest["headers"];
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.headers = {
      get: (name) => headerOf(incoming, name) ?? null,
      [Symbol.iterator]: () => fieldsOf(incoming),
    };
  }

  get method(): string {
    return this.#incoming.method ?? "";
  }

  get url(): string {
    const { headers, url } = this.#incoming;
    return `http://${headers.host ?? "localhost"}${url ?? "/"}`;
  }

  get body(): AsyncIterable<Uint8Array> | null {
    const { method, headers } = this.#incoming;
    if (method === "GET" || method === "HEAD") return null;
    const isEmpty =
      headers["transfer-encoding"] === undefined && !Number(headers["content-length"]);
    return isEmpty ? null : (this.#incoming as AsyncIterable<Uint8Array>);
  }

  get signal(): AbortSignal {
    return (this.#signal ??= goneSignal(this.#outgoing));
  }
}

function* fieldsOf({ headers }: IncomingMessage): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) yield [name, Array.isArray(value) ? value.join(", ") : value];
  }
}

/** The connection ends before the answer does. */
function goneSignal(outgoing: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const close = (): void => {
    if (!outgoing.writableFinished) gone.abort();
  };
  if (outgoing.destroyed) close();
  else outgoing.once("close", close);
  return gone.signal;
}
