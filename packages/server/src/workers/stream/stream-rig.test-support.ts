/** An engine behind a real socket, workers in front of it, and a proxy between that can be cut. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createHttp } from "node:http";
import { createCalendar, Engine, systemEnv, type Env, type WorkerHost } from "@perdure/engine";
import type { Outcome, Payload, RunId } from "@perdure/kernel";
import { MemoryStore, Disk } from "@perdure/store";
import { wireLimits } from "@perdure/wire";
import type { AnyTask, AnyWorkflow } from "perdure";
import { Registry, StreamWorker, type StreamWorkerParts } from "perdure/worker";
import { WebSocketServer } from "ws";
import { serverLimits, type ServerLimits } from "../../limits.ts";
import { StreamWorkers, type StreamWorkersParts } from "./host.ts";

export const quiet: Env = systemEnv({ log: () => undefined });

/** A node: store, engine and listener. */
export class Node {
  readonly disk: Disk;
  readonly engine: Engine;
  readonly streams: StreamWorkers;
  readonly #wss: WebSocketServer;
  readonly #http: ReturnType<typeof createHttp>;
  readonly #store: MemoryStore;
  readonly port: number;

  private constructor(parts: {
    disk: Disk;
    store: MemoryStore;
    engine: Engine;
    streams: StreamWorkers;
    http: ReturnType<typeof createHttp>;
    wss: WebSocketServer;
  }) {
    this.disk = parts.disk;
    this.#store = parts.store;
    this.engine = parts.engine;
    this.streams = parts.streams;
    this.#http = parts.http;
    this.#wss = parts.wss;
    this.port = (parts.http.address() as AddressInfo).port;
  }

  static async open(
    choices: {
      disk?: Disk;
      port?: number;
      namespace?: string;
      limits?: StreamWorkersParts["limits"];
      bounds?: Partial<ServerLimits>;
      faults?: ConstructorParameters<typeof MemoryStore>[1];
      /** What streams register with, in place of the engine. */
      host?: (engine: Engine) => WorkerHost;
    } = {},
  ): Promise<Node> {
    const { disk = new Disk(4), port = 0, namespace = "default", limits, faults } = choices;
    const store = new MemoryStore(disk, faults);
    const engine = await Engine.open({ store, env: quiet, calendar: createCalendar() });
    const streams = new StreamWorkers({
      engine: choices.host?.(engine) ?? engine,
      env: quiet,
      server: "test",
      bounds: { ...serverLimits, streamLeaveMs: 500, ...choices.bounds },
      ...(limits === undefined ? {} : { limits }),
    });
    const http = createHttp();
    const wss = new WebSocketServer({
      server: http,
      maxPayload: wireLimits.frameBytes,
      perMessageDeflate: false,
      verifyClient: ({ req }, done) => {
        const status = req.headers["x-refuse"];
        done(status === undefined, Number(status));
      },
    });
    wss.on("connection", (socket, request) => {
      const of = request.headers["x-namespace"];
      streams.accept(
        socket,
        { namespace: typeof of === "string" ? of : namespace },
        { address: "127.0.0.1" },
      );
    });
    await new Promise<void>((resolve) => void http.listen(port, "127.0.0.1", () => resolve()));
    return new Node({ disk, store, engine, streams, http, wss });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v1/workers/stream`;
  }

  #isDead = false;

  /** The process dies: what is not on the disk is gone. */
  async kill(): Promise<void> {
    this.#isDead = true;
    for (const socket of this.#wss.clients) socket.terminate();
    void this.#stopListening();
    await this.#store.close();
    // It finds its store gone, and stops.
    void this.engine.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#isDead) return;
    this.#isDead = true;
    await this.streams.close();
    for (const socket of this.#wss.clients) socket.terminate();
    await this.#stopListening();
    await this.engine.close();
  }

  async #stopListening(): Promise<void> {
    this.#wss.close();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => void this.#http.close(() => resolve()));
  }
}

/** Passes bytes on until it is told to cut. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly port: number;
  target: number;
  /** Bytes of each direction that still pass; then the connection is cut. */
  budget: { up: number; down: number } = { up: Infinity, down: Infinity };
  /** Half open: connections before this one stay, and nothing passes over them. */
  #silentBefore = 0;
  connections = 0;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(target: number): Promise<Proxy> {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
    const proxy = new Proxy(server, target);
    server.on("connection", (near) => proxy.#join(near));
    return proxy;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/v1/workers/stream`;
  }

  silence(): void {
    this.#silentBefore = this.connections + 1;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    const number = ++this.connections;
    const far = connect(this.target, "127.0.0.1");
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    const pass = (to: Socket, way: "up" | "down") => (bytes: Buffer) => {
      if (number < this.#silentBefore) return;
      const rest = this.budget[way];
      this.budget[way] = rest - bytes.length;
      if (bytes.length <= rest) return void to.write(bytes);
      to.write(bytes.subarray(0, Math.max(0, rest)), end);
      // One cut for one budget.
      this.budget = { up: Infinity, down: Infinity };
    };
    near.on("data", pass(far, "up"));
    far.on("data", pass(near, "down"));
  }
}

let workers = 0;

interface Code {
  readonly workflows?: readonly AnyWorkflow[];
  readonly tasks?: readonly AnyTask[];
}

export function workerOf(
  url: string,
  code: Code,
  more: Partial<StreamWorkerParts> = {},
): StreamWorker {
  return new StreamWorker({
    url,
    id: `worker-${++workers}`,
    sdk: "test",
    registry: new Registry(code),
    options: { taskSlots: 10, runSlots: 100 },
    env: quiet,
    log: () => undefined,
    ...more,
  });
}

export async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => void setTimeout(resolve, 2));
}

/** What one test opens, and closes when it is done. */
export class Stage {
  readonly #closers: (() => Promise<void> | void)[] = [];

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }

  async node(choices: Parameters<typeof Node.open>[0] = {}): Promise<Node> {
    const node = await Node.open(choices);
    this.#closers.push(() => node.close());
    return node;
  }

  async proxy(node: Node): Promise<Proxy> {
    const proxy = await Proxy.open(node.port);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  async join(
    url: string,
    code: Code,
    more: Partial<StreamWorkerParts> = {},
  ): Promise<StreamWorker> {
    const worker = workerOf(url, code, more);
    this.#closers.push(() => worker.close());
    await worker.start();
    return worker;
  }
}

const encoder = new TextEncoder();

export function json(value: unknown): Payload {
  return { encoding: "json", data: encoder.encode(JSON.stringify(value)) };
}

export function valueOf(outcome: Outcome): unknown {
  if (outcome.status !== "completed") return outcome;
  return JSON.parse(new TextDecoder().decode(outcome.output.data));
}

export async function start(node: Node, workflow: string, input: unknown = null): Promise<RunId> {
  const request = { namespace: "default", queue: "default", workflow, input: json(input) };
  return (await node.engine.start(request)).runId;
}
