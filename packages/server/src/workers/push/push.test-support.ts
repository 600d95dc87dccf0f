/** A server with a push host, and web apps on real sockets that it calls. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createCalendar, Engine, systemEnv, type Env } from "@perdure/engine";
import type { RunEvent, RunId } from "@perdure/kernel";
import { Disk, MemoryStore } from "@perdure/store";
import { PushEndpoints, type PushOptions } from "./push-endpoints.ts";
import { MemoryPushStore, type PushStore } from "./push-store.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** A web app that can be killed like a process: its sockets break, and its port is free again. */
export class WebApp {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly seen: string[] = [];

  private constructor(listener: RequestListener) {
    this.#server = createServer((request, response) => {
      this.seen.push(request.headers["perdure-signature"]?.toString() ?? "unsigned");
      listener(request, response);
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async open(listener: RequestListener, port = 0): Promise<WebApp> {
    const app = new WebApp(listener);
    app.#server.listen(port, "127.0.0.1");
    await once(app.#server, "listening");
    return app;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/perdure`;
  }

  /** Requests of one purpose so far. */
  count(purpose: string): number {
    return this.seen.filter((header) => header.includes(`for=${purpose},`)).length;
  }

  async kill(): Promise<number> {
    const { port } = this;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
    return port;
  }
}

export class PushRig implements AsyncDisposable {
  readonly disk: Disk = new Disk();
  readonly pushStore: PushStore;
  readonly logs: LogLine[] = [];
  readonly #apps: WebApp[] = [];
  readonly #options: Partial<PushOptions>;
  engine!: Engine;
  push!: PushEndpoints;

  private constructor(options: Partial<PushOptions>) {
    this.#options = options;
    this.pushStore = options.store ?? new MemoryPushStore();
  }

  static async open(options: Partial<PushOptions> = {}): Promise<PushRig> {
    const rig = new PushRig(options);
    await rig.start();
    return rig;
  }

  get env(): Env {
    return systemEnv({ log: (level, message) => void this.logs.push({ level, message }) });
  }

  async start(): Promise<void> {
    const { env } = this;
    const store = new MemoryStore(this.disk);
    this.engine = await Engine.open({ store, env, calendar: createCalendar() });
    this.push = await PushEndpoints.open({
      engine: this.engine,
      env,
      allow: ["127.0.0.1"],
      ...this.#options,
      store: this.pushStore,
    });
  }

  /** As a crash would: nothing is said to anybody. */
  async stop(): Promise<void> {
    await this.push.close();
    await this.engine.close();
  }

  async app(listener: RequestListener, port?: number): Promise<WebApp> {
    const app = await WebApp.open(listener, port);
    this.#apps.push(app);
    return app;
  }

  async startRun(workflow: string, input: unknown = null, more: object = {}): Promise<RunId> {
    const { runId } = await this.engine.start({
      namespace: "default",
      workflow,
      queue: "default",
      input: json(input),
      ...more,
    });
    return runId;
  }

  async output(runId: RunId): Promise<unknown> {
    const outcome = await this.engine.outcome(runId);
    if (outcome.status === "completed") return parsed(outcome.output.data);
    throw new Error(JSON.stringify(outcome));
  }

  async events<K extends RunEvent["kind"]>(runId: RunId, kind: K) {
    const journal = await this.engine.journal(runId);
    return journal.filter((event): event is Extract<RunEvent, { kind: K }> => event.kind === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Promise.all(this.#apps.map((app) => app.kill().catch(() => 0)));
  }
}

export function json(value: unknown) {
  return { encoding: "json", data: new TextEncoder().encode(JSON.stringify(value)) };
}

export function parsed(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

/** Looks again and again, and ends when it is so. */
export async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => void setTimeout(resolve, 10));
}
