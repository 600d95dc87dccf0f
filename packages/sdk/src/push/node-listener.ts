/**
 * `node:http` and Express. Nothing of Node is imported: a listener is given all it needs, so this file
 * can be part of a bundle for any runtime.
 */
import type { PushHandler } from "./handler.ts";

/** As much of `http.IncomingMessage` as is used. Express puts what it has read into `body`. */
export interface NodeRequest extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined; readonly encrypted?: boolean };
  readonly body?: unknown;
}

/** As much of `http.ServerResponse`. */
export interface NodeResponse {
  readonly writableFinished: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  flushHeaders?(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  on(event: "close", listener: () => void): unknown;
  once(event: "drain", listener: () => void): unknown;
}

/** `http.createServer(toNodeListener(handler))`, `app.use("/perdure", toNodeListener(handler))`. */
export function toNodeListener({
  from,
}: PushHandler): (request: NodeRequest, response: NodeResponse) => void {
  return (request, response) => {
    const controller = new AbortController();
    let wake = (): void => undefined;
    response.on("close", () => {
      if (!response.writableFinished) controller.abort();
      wake();
    });
    const drained = () =>
      new Promise<void>((resolve) => {
        wake = resolve;
        response.once("drain", resolve);
      });
    const { remoteAddress } = request.socket;
    const arrival = remoteAddress === undefined ? {} : { peer: remoteAddress };
    void from(webRequest(request, controller.signal), arrival)
      .then((answer) => send(answer, response, drained))
      // The body broke off, or the peer has gone: there is nobody to tell.
      .catch(() => response.destroy());
  };
}

function webRequest(request: NodeRequest, signal: AbortSignal): Request {
  const { method = "GET", headers, socket } = request;
  const fields = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") fields.set(name, value);
    else for (const one of value ?? []) fields.append(name, one);
  }
  const path = request.originalUrl ?? request.url ?? "/";
  const scheme = socket.encrypted ? "https" : "http";
  const url = new URL(`${scheme}://${fields.get("host") ?? "localhost"}${path}`);
  if (method === "GET" || method === "HEAD")
    return new Request(url, { method, headers: fields, signal });
  const init = { method, headers: fields, signal, body: bodyOf(request), duplex: "half" };
  return new Request(url, init as RequestInit);
}

/** A body parser in front may have taken the bytes; raw ones are as good, parsed ones are not. */
function bodyOf(request: NodeRequest): ReadableStream<Uint8Array> {
  const { body } = request;
  const chunks = body instanceof Uint8Array ? only(body) : request[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const next = await chunks.next();
      if (next.done) controller.close();
      else controller.enqueue(next.value as Uint8Array);
    },
  });
}

async function* only(bytes: Uint8Array): AsyncGenerator {
  yield bytes;
}

async function send(
  answer: Response,
  response: NodeResponse,
  drained: () => Promise<void>,
): Promise<void> {
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.flushHeaders?.();
  const reader = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  for (;;) {
    const chunk = (await reader?.read())?.value;
    if (!chunk) break;
    if (!response.write(chunk)) await drained();
  }
  response.end();
}
