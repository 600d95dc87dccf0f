/**
 * A node as a process of its own, behind three proxies: between it and the database, between it and
 * those nodes that call it, and between it and its clients and workers.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { FaultProxy } from "../network/fault-proxy.ts";
import { freePort } from "../network/free-port.ts";
import type { PostgresServer } from "../postgres/postgres-server.ts";
import { kill, start } from "../soak/processes.ts";
import type { NodeTerms } from "./node-process.ts";

const HOST = "127.0.0.1";
/** To start and to leave, whatever else is going on. */
const PATIENCE_MS = 60_000;

export interface NodeSetting {
  readonly databases: readonly PostgresServer[];
  readonly adminKey: string;
  readonly secret: string;
  readonly logFile: string;
}

export class Node {
  /** One for each database. */
  readonly databases: readonly FaultProxy[];
  readonly peers: FaultProxy;
  readonly clients: FaultProxy;
  readonly #setting: NodeSetting;
  #child: ChildProcess | undefined;
  #alone: Promise<unknown> = Promise.resolve();

  private constructor(
    setting: NodeSetting,
    { databases, peers, clients }: Pick<Node, "databases" | "peers" | "clients">,
  ) {
    this.#setting = setting;
    this.databases = databases;
    this.peers = peers;
    this.clients = clients;
  }

  static async create(setting: NodeSetting): Promise<Node> {
    const databases = await Promise.all(
      setting.databases.map(async ({ port }) => FaultProxy.listen({ target: port })),
    );
    const peers = await FaultProxy.listen({ target: await freePort() });
    const clients = await FaultProxy.listen({ target: await freePort() });
    return new Node(setting, { databases, peers, clients });
  }

  /** Where clients and workers find it. */
  get url(): string {
    return `http://${HOST}:${this.clients.port}`;
  }

  get proxies(): readonly FaultProxy[] {
    return [...this.databases, this.peers, this.clients];
  }

  /** One thing at a time is done to its process; to the network around it, whatever. */
  async alone(work: () => Promise<void>): Promise<void> {
    const done = this.#alone.then(work);
    this.#alone = done.catch(() => undefined);
    await done;
  }

  async start(clockMs: number): Promise<void> {
    const { databases, adminKey, secret, logFile } = this.#setting;
    const urls = databases.map((database, i) => database.urlAt(this.databases[i]?.port));
    const terms: NodeTerms = {
      store: urls.join(","),
      port: this.clients.target,
      adminKey,
      listen: `${HOST}:${this.peers.target}`,
      advertise: `${HOST}:${this.peers.port}`,
      secret,
      clockMs,
    };
    const script = new URL("node-process.ts", import.meta.url);
    const end = performance.now() + PATIENCE_MS;
    // Its database may be away just now: whoever runs it starts it again.
    for (;;) {
      try {
        [this.#child] = await start(script, [JSON.stringify(terms)], { logFile });
        return;
      } catch (error) {
        if (performance.now() > end) throw error;
      }
    }
  }

  async kill(): Promise<void> {
    if (this.#child !== undefined) await kill(this.#child);
  }

  /** Asks it to go, as an operator does, and waits until it has. It must have ended well. */
  async leave(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, "exit", { signal: AbortSignal.timeout(PATIENCE_MS) });
    child.kill("SIGTERM");
    const [code, signal] = (await gone) as [number | null, string | null];
    if (code !== 0) throw new Error(`a node that was to leave ended with ${signal ?? code}`);
  }

  /** It stands still, and knows nothing of it. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  jump(clockMs: number): void {
    if (this.#child?.connected) this.#child.send(clockMs);
  }

  async close(): Promise<void> {
    await this.kill();
    for (const proxy of this.proxies) await proxy.close();
  }
}
