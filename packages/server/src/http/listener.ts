/**
 * The socket side: one HTTP server with its limits, upgrades, and a polite end.
 *
 * N1  A connection that does not send a whole header, or body, in its time is closed.
 * N2  `close` takes no new connections, lets what is in progress end, and after `graceMs` ends it.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Hono } from "hono";
import type { Config } from "../config/config.ts";
import { Connections } from "./connections.ts";
import { followTls, readTls, type TlsFiles } from "./tls.ts";

export interface ListenerParts {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  readonly env: Env;
  readonly config: Pick<Config, "host" | "port" | "tls" | "limits">;
  /** Absent: a request to upgrade is answered as if it did not ask, as clients of HTTP/2 expect. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface Listener {
  /** `http://127.0.0.1:7373` */
  readonly url: string;
  readonly connections: () => number;
  readonly reloadTls: () => void;
  close(graceMs: number): Promise<void>;
}

/** How often Node looks for connections that are too slow. */
const CHECKS_PER_TIMEOUT = 4;

export async function listen(parts: ListenerParts): Promise<Listener> {
  const { app, env, config } = parts;
  const { host, port, limits } = config;
  const files = tlsFiles(config);
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: Math.max(limits.requestTimeoutMs, limits.headersTimeoutMs),
    keepAliveTimeout: limits.idleConnectionMs,
    connectionsCheckingInterval: limits.headersTimeoutMs / CHECKS_PER_TIMEOUT,
    noDelay: true,
    requireHostHeader: true,
  };
  // The process's Request and Response are its own.
  const listener = getRequestListener((request, bindings) => app.fetch(request, bindings), {
    overrideGlobalObjects: false,
  });
  const answer: RequestListener = (request, response) => void listener(request, response);
  const secure = files && createSecureServer({ ...options, ...readTls(files) }, answer);
  const server: Server = secure ?? createServer(options, answer);
  const tls = secure && files ? followTls(secure, files, env) : undefined;
  server.maxConnections = limits.connections;
  // Counted by ours, which refuses; Node's own would silently drop the rest.
  server.maxHeadersCount = 0;
  if (parts.upgrade) server.on("upgrade", parts.upgrade);
  const connections = new Connections(
    server,
    secure ? "secureConnection" : "connection",
    parts.upgrade !== undefined,
  );
  await listening(server, host, port);
  return {
    url: urlOf(server, host, secure ? "https" : "http"),
    connections: () => connections.size,
    reloadTls: () => tls?.reload(),
    close: async (graceMs) => {
      tls?.stop();
      await closeServer(server, connections, env, graceMs);
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(host, port, cause)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

function closeServer(
  server: Server,
  connections: Connections,
  env: Env,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = env.after(graceMs, () => connections.destroy());
    server.close(() => {
      cancel();
      resolve();
    });
    connections.close();
  });
}

function tlsFiles({ tls: { certFile, keyFile } }: Pick<Config, "tls">): TlsFiles | undefined {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function urlOf(server: Server, host: string, scheme: string): string {
  const { port, family } = server.address() as AddressInfo;
  const anywhere = host === "0.0.0.0" || host === "::";
  const name = anywhere ? "127.0.0.1" : host;
  return `${scheme}://${family === "IPv6" && name.includes(":") ? `[${name}]` : name}:${port}`;
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): PerdureError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another process has it: stop that one or choose another port",
    EACCES: "this user may not: choose a port above 1023",
    EADDRNOTAVAIL: "this machine has no such address: choose another host",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  return new PerdureError("unavailable", `Cannot listen on ${host}:${port}: ${reason}.`, { cause });
}
