/** An HTTP server that does as it is told: for what a real one does only on its worst days. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { systemEnv } from "@perdure/engine";
import { RemoteEngine, type RemoteEngineOptions } from "./remote-engine.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers one request; `nth` counts those for this path from 1. */
export type Script = (asked: Asked, response: ServerResponse, nth: number) => void;

export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly #server: Server;
  readonly #counts = new Map<string, number>();
  script: Script;

  constructor(script: Script) {
    this.script = script;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async open(script: Script): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    await server.listen(0);
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => void this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  remote(options: Partial<RemoteEngineOptions> = {}): Promise<RemoteEngine> {
    return RemoteEngine.open({
      url: this.url,
      env: systemEnv({ log: () => undefined }),
      ...options,
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
    // A server that only knows requests.
    if (url.pathname === "/v1/calls") return void response.writeHead(404).end();
    if (url.pathname === "/v1/whoami") return json(response, { namespace: "default" });
    const asked: Asked = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? {} : (JSON.parse(text) as Asked["body"]),
    };
    this.asked.push(asked);
    const nth = (this.#counts.get(url.pathname) ?? 0) + 1;
    this.#counts.set(url.pathname, nth);
    this.script(asked, response, nth);
  }
}

export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify({ error: { code, message: `refused: ${code}`, retry: "later" } });
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}

/** The connection ends without an answer. */
export function cut(response: ServerResponse): void {
  response.socket?.destroy();
}
