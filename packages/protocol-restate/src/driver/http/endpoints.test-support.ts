/** Endpoints on this machine for tests: raw HTTP/2 and HTTP/1.1 servers on ports of their own. */
import { once } from "node:events";
import { createServer as createServer1, type RequestListener, type Server } from "node:http";
import {
  createServer as createServer2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { OutboundGuard } from "./dial.ts";
import type { Exchange, ExchangeFailure, ExchangeListener, ResponseHead } from "./exchange.ts";

/** What tests call is here. */
export const anyAddress: OutboundGuard = {
  addresses: async ({ hostname }) => [hostname.replace(/^\[|\]$/g, "")],
};

export interface TestEndpoint {
  readonly url: URL;
  readonly sessions: Set<ServerHttp2Session>;
  close(): void;
}

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

export async function http2Endpoint(
  onStream: OnStream,
  options: ServerOptions = {},
): Promise<TestEndpoint> {
  const server: Http2Server = createServer2(options);
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => undefined);
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    onStream(stream, headers);
  });
  return {
    url: await listening(server),
    sessions,
    close: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

export async function http1Endpoint(listener: RequestListener): Promise<TestEndpoint> {
  const server = createServer1(listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  return {
    url: await listening(server),
    sessions: new Set(),
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function listening(server: Server | Http2Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** Keeps what an exchange says. */
export class Heard implements ExchangeListener {
  status: number | undefined;
  readonly chunks: Uint8Array[] = [];
  readonly done: Promise<ExchangeFailure | undefined>;
  #settle: (failure?: ExchangeFailure) => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("utf8");
  }

  head({ status }: ResponseHead): void {
    this.status = status;
  }

  chunk(bytes: Uint8Array): void {
    this.chunks.push(bytes);
  }

  ended(): void {
    this.#settle();
  }

  failed(failure: ExchangeFailure): void {
    this.#settle(failure);
  }

  drained(): void {}
}

export function finish(exchange: Exchange, text = ""): void {
  if (text !== "") exchange.write(Buffer.from(text));
  exchange.end();
}
