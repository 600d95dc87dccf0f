/**
 * The socket side: one HTTP server with its limits, upgrades, and a polite end.
 *
 * N1  A connection that does not send a whole header, or body, in its time is closed.
 * N2  `close` takes no new connections, lets what is in progress end, and after `graceMs` ends it.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import type { Env } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { Hono } from "hono";
import type { ServerLimits } from "../limits.ts";
import { Connections } from "./connections.ts";

export interface ListenerParts {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  readonly env: Env;
  readonly limits: ServerLimits;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface Listener {
  /** `http://127.0.0.1:7373` */
  readonly url: string;
  readonly server: Server;
  close(graceMs: number): Promise<void>;
}

/** How often Node looks for connections that are too slow. */
const CHECKS_PER_TIMEOUT = 4;

export async function listen(parts: ListenerParts): Promise<Listener> {
  const { app, limits, host, port, env } = parts;
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.idleConnectionMs,
      connectionsCheckingInterval: limits.headersTimeoutMs / CHECKS_PER_TIMEOUT,
      noDelay: true,
      requireHostHeader: true,
    },
    // The process's Request and Response are its own.
    getRequestListener((request, bindings) => app.fetch(request, bindings), {
      overrideGlobalObjects: false,
    }) as (...args: unknown[]) => void,
  );
  server.maxConnections = limits.connections;
  // Counted by ours, which refuses; Node's own would silently drop the rest.
  server.maxHeadersCount = 0;
  server.on("upgrade", parts.upgrade);
  const connections = new Connections(server, "connection");
  await listening(server, host, port);
  return {
    url: urlOf(server, host),
    server,
    close: (graceMs) => closeServer(server, connections, env, graceMs),
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

function urlOf(server: Server, host: string): string {
  const { port, family } = server.address() as AddressInfo;
  const anywhere = host === "0.0.0.0" || host === "::";
  const name = anywhere ? "127.0.0.1" : host;
  return `http://${family === "IPv6" && name.includes(":") ? `[${name}]` : name}:${port}`;
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
