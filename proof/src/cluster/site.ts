/** Three nodes on a PostgreSQL or several, two workers, and a client of every node. */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Perdure } from "perdure";
import { PostgresServer } from "../postgres/postgres-server.ts";
import { kill, start } from "../soak/processes.ts";
import { Node } from "./node.ts";

const NODES = 3;
const WORKERS = 2;

export class Site {
  readonly databases: readonly PostgresServer[];
  readonly nodes: readonly Node[];
  /** How many there are. */
  readonly workers: number = WORKERS;
  /** Where nodes and workers write what they have to say. */
  readonly logFile: string;
  readonly #folder: string;
  readonly #apiKey: string;
  readonly #workers: ChildProcess[] = [];
  readonly #clients: Perdure[] = [];

  private constructor(
    folder: string,
    apiKey: string,
    { databases, nodes, logFile }: Pick<Site, "databases" | "nodes" | "logFile">,
  ) {
    this.#folder = folder;
    this.#apiKey = apiKey;
    this.databases = databases;
    this.nodes = nodes;
    this.logFile = logFile;
  }

  static async open(databaseCount: number): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "perdure-proof-cluster-"));
    const logFile = join(folder, "log");
    const databases = await Promise.all(
      Array.from({ length: databaseCount }, async () => PostgresServer.create()),
    );
    const setting = { databases, adminKey: newApiKey(), secret: drawn(), logFile };
    const nodes: Node[] = [];
    for (let n = 0; n < NODES; n++) nodes.push(await Node.create(setting));
    const site = new Site(folder, setting.adminKey, { databases, nodes, logFile });
    for (const node of nodes) await node.start(0);
    for (let n = 0; n < WORKERS; n++) await site.replaceWorker(n, 0);
    return site;
  }

  /** A client of each node, and nobody else's. */
  async callers(): Promise<readonly Perdure[]> {
    const options = { apiKey: this.#apiKey };
    const clients = await Promise.all(this.nodes.map(async ({ url }) => connect(url, options)));
    this.#clients.push(...clients);
    return clients;
  }

  /** Kills the n-th worker, if there is one, and starts another in its place. */
  async replaceWorker(n: number, clockMs: number): Promise<void> {
    const before = this.#workers[n];
    if (before !== undefined) await kill(before);
    const script = new URL("worker-process.ts", import.meta.url);
    const args = [this.#urlFrom(n), this.#apiKey, String(clockMs)];
    const [child] = await start(script, args, { logFile: this.logFile });
    this.#workers[n] = child;
  }

  /** A client of whichever node answers. */
  async anyNode(): Promise<Perdure> {
    const options = { apiKey: this.#apiKey, callTimeout: 60_000 };
    const client = await connect(this.#urlFrom(0), options);
    this.#clients.push(client);
    return client;
  }

  heal(): void {
    for (const node of this.nodes) {
      node.thaw();
      node.jump(0);
      for (const proxy of node.proxies) proxy.heal();
    }
  }

  /** Of all nodes, the n-th first. */
  #urlFrom(n: number): string {
    const urls = this.nodes.map(({ url }) => url);
    return [...urls.slice(n), ...urls.slice(0, n)].join(",");
  }

  async close(): Promise<void> {
    this.heal();
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    await Promise.all(this.#workers.map((worker) => kill(worker)));
    for (const node of this.nodes) await node.close();
    for (const database of this.databases) await database.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** As `perdure keys generate` makes them. */
function newApiKey(): string {
  return `pdk_${randomBytes(8).toString("hex")}_${drawn()}`;
}

function drawn(): string {
  return randomBytes(32).toString("base64url");
}
