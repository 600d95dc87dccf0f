/**
 * The engine's `PeerNetwork` over TCP: a door for other nodes, and connections to theirs.
 *
 * N1  Who is not a node of this cluster is not listened to: TLS refuses him before a byte of ours is
 *     read, within `handshakeMs`, and only so many may be tried at a time.
 * N2  The port is taken when it opens, so that a wrong address is told at the start. Before the engine
 *     listens, whoever comes is sent away.
 * N3  `close` ends every connection and gives the port back.
 */
import { unwatchFile, watchFile } from "node:fs";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer, type Server, type TLSSocket } from "node:tls";
import type { Env, PeerEnd, PeerNetwork, PeerSocket } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { NodeRecord } from "@perdure/store";
import { tlsOf, type NodeAccess, type Tls } from "./access.ts";
import { addressOf, hostPortOf, isEverywhere, type HostPort } from "./address.ts";
import { Complaints } from "./complaints.ts";
import { nodeLimits, type NodeLimits } from "./limits.ts";
import { Link } from "./link.ts";

export interface SocketNetworkOptions {
  /** `host:port` to take connections at; port 0: any free one. */
  readonly listen: string;
  /** Where other nodes reach it; default: `listen`. */
  readonly advertise?: string;
  readonly access: NodeAccess;
  readonly env: Env;
  readonly limits?: Partial<NodeLimits>;
}

/** How often renewed certificates are looked for. */
const LOOK_EVERY_MS = 5_000;

export class SocketNetwork implements PeerNetwork {
  /** Where other nodes reach this one: the address of its record. */
  readonly address: string;
  readonly #env: Env;
  readonly #limits: NodeLimits;
  readonly #tls: Tls;
  readonly #server: Server;
  readonly #complaints: Complaints;
  readonly #links = new Set<Link>();
  /** Connections of which TLS has not said yet who they are. */
  readonly #unknown = new Map<string, Socket>();
  #accept: ((socket: PeerSocket) => PeerEnd) | undefined;
  #isClosed = false;

  private constructor(server: Server, address: string, tls: Tls, options: SocketNetworkOptions) {
    this.address = address;
    this.#server = server;
    this.#tls = tls;
    this.#env = options.env;
    this.#limits = { ...nodeLimits, ...options.limits };
    this.#complaints = new Complaints(options.env, this.#limits.complaintMs);
    server.on("connection", (socket: Socket) => this.#knock(socket));
    server.on("secureConnection", (socket) => this.#enter(socket));
    server.on("tlsClientError", (error, socket) => {
      const stranger = socket.remoteAddress ?? "somebody";
      this.#complaints.say("whoever knocked here is no node of this cluster", stranger, error);
    });
    for (const file of tls.files) {
      watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, this.#renew);
    }
  }

  static async open(options: SocketNetworkOptions): Promise<SocketNetwork> {
    const wanted = hostPortOf(options.listen, "node.listen");
    const told = options.advertise;
    const advertised = told === undefined ? wanted : hostPortOf(told, "node.advertise");
    if (isEverywhere(advertised)) throw nowhere(options.listen);
    const limits = { ...nodeLimits, ...options.limits };
    const tls = tlsOf(options.access);
    const server = createServer(tls.server());
    server.maxConnections = limits.connections;
    const { port } = await listening(server, wanted);
    const at = told === undefined || advertised.port === 0 ? { ...advertised, port } : advertised;
    return new SocketNetwork(server, addressOf(at), tls, options);
  }

  connect(to: NodeRecord, end: PeerEnd): PeerSocket {
    let at: HostPort;
    try {
      at = hostPortOf(to.address, `the address of node ${to.id}`);
    } catch (error) {
      return this.#unreachable(to, end, error as Error);
    }
    const socket = connect({ ...this.#tls.client(at), host: at.host, port: at.port });
    const cancel = this.#env.after(this.#limits.handshakeMs, () => socket.destroy());
    const link = this.#link(socket, to.address, false);
    link.attach(end);
    let isKnown = false;
    socket.once("secureConnect", () => {
      isKnown = true;
      cancel();
      link.ready();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      const isTls = !isKnown && /SSL|TLS|CERT|ALTNAME|UNABLE_TO/.test(error.code ?? "");
      if (isTls) this.#complaints.say("a node and this one do not accept each other", to.id, error);
    });
    socket.once("close", cancel);
    return link;
  }

  /** One engine listens; `address` is this network's own. */
  listen(_: string, accept: (socket: PeerSocket) => PeerEnd): () => void {
    this.#accept = accept;
    return () => {
      if (this.#accept === accept) this.#accept = undefined;
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const file of this.#tls.files) unwatchFile(file, this.#renew);
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    for (const socket of this.#unknown.values()) socket.destroy();
    for (const link of this.#links) link.close();
    await closed;
  }

  /** Reads certificates again, as when their files have changed. Those that do not fit change nothing. */
  reloadTls(): void {
    if (this.#tls.files.length > 0) this.#renew();
  }

  readonly #renew = (): void => {
    try {
      this.#server.setSecureContext(this.#tls.server());
    } catch (error) {
      this.#env.log("error", "the node's new certificate cannot be used; the one before stays", {
        error,
      });
    }
  };

  #knock(socket: Socket): void {
    if (this.#isClosed || this.#unknown.size >= this.#limits.handshakes) {
      socket.destroy();
      return;
    }
    const name = nameOf(socket);
    this.#unknown.set(name, socket);
    // Node's own limit counts from the last byte: who sends one at a time would never be late.
    const cancel = this.#env.after(this.#limits.handshakeMs, () => {
      if (this.#unknown.has(name)) socket.destroy();
    });
    socket.once("close", () => {
      cancel();
      this.#unknown.delete(name);
    });
  }

  #enter(socket: TLSSocket): void {
    const name = nameOf(socket);
    this.#unknown.delete(name);
    if (this.#isClosed || this.#accept === undefined) {
      socket.destroy();
      return;
    }
    const link = this.#link(socket, name, true);
    link.attach(this.#accept(link));
  }

  #link(socket: TLSSocket, far: string, isReady: boolean): Link {
    const parts = { socket, env: this.#env, limits: this.#limits, far };
    const link = new Link({ ...parts, ended: (over) => void this.#links.delete(over) }, isReady);
    this.#links.add(link);
    return link;
  }

  /** A record that nobody can dial: as a connection that never came about. */
  #unreachable(to: NodeRecord, end: PeerEnd, error: Error): PeerSocket {
    this.#complaints.say("a node has an address that cannot be dialled", to.id, error);
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      end.closed();
    };
    this.#env.defer(over);
    return { send: () => undefined, close: () => this.#env.defer(over) };
  }
}

function nameOf({ remoteAddress = "somebody", remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function listening(server: Server, { host, port }: HostPort): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(cannotListen(host, port, cause)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve(server.address() as AddressInfo);
    });
  });
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): PerdureError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: "another process has it: stop that one or choose another port",
    EACCES: "this user may not: choose a port above 1023",
    EADDRNOTAVAIL:
      "this machine has no such address: give that to node.advertise, and 0.0.0.0 here",
  };
  const reason = reasons[cause.code ?? ""] ?? cause.message;
  const text = `Cannot listen for other nodes on ${host}:${port}: ${reason}.`;
  return new PerdureError("unavailable", text, { cause });
}

function nowhere(listen: string): PerdureError {
  const text =
    `node.listen is ${listen}, which other nodes cannot dial: say in node.advertise where they ` +
    `reach this one, as in "10.0.0.7:7400".`;
  return new PerdureError("invalid-argument", text);
}
