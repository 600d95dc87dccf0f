/** Networks on loopback, and what is heard at both ends of their connections. */
import { connect as connectPlain, createServer, type Server, type Socket } from "node:net";
import { systemEnv, type PeerEnd, type PeerMessage, type PeerSocket } from "@perdure/engine";
import type { NodeRecord } from "@perdure/store";
import { hostPortOf } from "./address.ts";
import { SocketNetwork, type SocketNetworkOptions } from "./socket-network.ts";

export const secret: string = "a-secret-of-the-cluster-that-is-long-enough";

/** One end of a connection, and what it heard. */
export class Heard implements PeerEnd {
  readonly messages: PeerMessage[] = [];
  closings = 0;
  socket!: PeerSocket;
  readonly #wakes: (() => void)[] = [];

  message(message: PeerMessage): void {
    this.messages.push(message);
    this.#wake();
  }

  closed(): void {
    this.closings++;
    this.#wake();
  }

  /** Resolves when it holds. */
  async until(holds: (heard: this) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((resolve) => void this.#wakes.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }
}

/** A network, and what has come to its door. */
export class Place implements AsyncDisposable {
  readonly network: SocketNetwork;
  readonly logged: string[];
  readonly came: Heard[] = [];
  readonly #wakes: (() => void)[] = [];

  private constructor(network: SocketNetwork, logged: string[]) {
    this.network = network;
    this.logged = logged;
    network.listen(network.address, (socket) => {
      const heard = new Heard();
      heard.socket = socket;
      this.came.push(heard);
      for (const wake of this.#wakes.splice(0)) wake();
      return heard;
    });
  }

  static async open(options: Partial<SocketNetworkOptions> = {}): Promise<Place> {
    const logged: string[] = [];
    const env = systemEnv({ log: (_, message) => void logged.push(message) });
    const defaults = { listen: "127.0.0.1:0", access: { secret }, env };
    return new Place(await SocketNetwork.open({ ...defaults, ...options }), logged);
  }

  get record(): NodeRecord {
    return recordAt(this.network.address);
  }

  /** A connection to the place, as a node makes it. */
  connect(to: NodeRecord): Heard {
    const heard = new Heard();
    heard.socket = this.network.connect(to, heard);
    return heard;
  }

  /** Both ends of one, greeted. */
  async pair(to: Place): Promise<{ readonly near: Heard; readonly far: Heard }> {
    const near = this.connect(to.record);
    near.socket.send(hello);
    const far = await to.next();
    far.socket.send(hello);
    await Promise.all([near, far].map((end) => end.until(({ messages }) => messages.length > 0)));
    return { near, far };
  }

  async next(): Promise<Heard> {
    for (;;) {
      const heard = this.came.shift();
      if (heard !== undefined) return heard;
      await new Promise<void>((resolve) => void this.#wakes.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network.close();
  }
}

export const hello: PeerMessage = { type: "hello", protocol: 1, from: "a", to: "b" };

export function recordAt(address: string): NodeRecord {
  return { id: address, address, version: "1", startedAt: 0, beat: 1, isLeaving: false };
}

/** A stranger's connection, without any protocol. Resolves when the far side has ended it. */
export async function knock(
  address: string,
  say: (socket: Socket) => void,
): Promise<{ readonly bytes: number }> {
  const socket = connectPlain(hostPortOf(address, "address"));
  let bytes = 0;
  socket.on("data", (chunk) => (bytes += chunk.length));
  socket.on("error", () => undefined);
  socket.on("connect", () => say(socket));
  await new Promise<void>((resolve) => socket.on("close", () => resolve()));
  return { bytes };
}

/** Passes bytes on to a place, keeps them, and stops reading when it is told to. */
export class Tap implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What the dialler has said. */
  readonly said: Buffer[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(address: string): Promise<Tap> {
    const server = createServer();
    const tap = new Tap(server);
    server.on("connection", (near) => {
      const far = connectPlain(hostPortOf(address, "address"));
      for (const socket of [near, far]) tap.#sockets.add(socket.on("error", () => undefined));
      near.on("data", (chunk: Buffer) => tap.said.push(chunk));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  get record(): NodeRecord {
    const { port } = this.#server.address() as { readonly port: number };
    return recordAt(`127.0.0.1:${port}`);
  }

  /** Nothing is taken from the wire any more, as from a process that stands still. */
  stall(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }
}
