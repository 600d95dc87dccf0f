/**
 * A PostgreSQL that is made to die: killed with all its processes, started again on what it has on
 * disk, followed by a synchronous standby, replaced by it.
 *
 * 1. It syncs to disk, as in production: what it acknowledged has to survive its death.
 * 2. It keeps its port for as long as it exists.
 * 3. Nothing of it outlives `dispose`, or this process where that ends by itself.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { giveAway, USER } from "@perdure/store-postgres/testing";
import pg from "pg";
import { freePort } from "../network/free-port.ts";
import { begin, run } from "./postgres-programs.ts";

const HOST = "127.0.0.1";
const UP_MS = 60_000;
const POLL_MS = 20;

const settings: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  fsync: "on",
  max_connections: "80",
  shared_buffers: "16MB",
  wal_level: "replica",
  max_wal_senders: "6",
};

export class PostgresServer {
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
    process.once("exit", this.#killNow);
  }

  static async create(): Promise<PostgresServer> {
    const server = await PostgresServer.#inNewFolder();
    const { data } = server;
    const auth = ["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"];
    await run("initdb", ["--pgdata", data, ...auth], server.#folder);
    await server.start();
    return server;
  }

  static async #inNewFolder(): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), "perdure-proof-pg-"));
    giveAway(folder);
    return new PostgresServer(folder, await freePort());
  }

  private get data(): string {
    return join(this.#folder, "data");
  }

  urlAt(port: number = this.port): string {
    return `postgres://${USER}@${HOST}:${port}/${USER}`;
  }

  /** Resolves when it takes connections, after whatever recovery it needs. */
  async start(): Promise<void> {
    const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const args = ["-D", this.data, "-p", String(this.port), "-k", this.#folder, ...options];
    this.#process = begin("postgres", args, this.#folder);
    await this.#isUp();
  }

  /** All its processes die at once, as when the machine stops. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    this.#killNow();
    await gone;
    this.#process = undefined;
  }

  /** One of its backends dies: it ends all the others and recovers by itself. */
  async killBackend(pid: number): Promise<void> {
    process.kill(pid, "SIGKILL");
    await delay(POLL_MS);
    await this.#isUp();
  }

  /** The process ids of the connections from this application. */
  async backends(application: string): Promise<readonly number[]> {
    const text = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
    const rows = await this.query<{ pid: number }>(text, [application]);
    return rows.map(({ pid }) => pid);
  }

  /**
   * A standby without whose word no commit is acknowledged from now on. `port`: where it finds this
   * server, if it is to be by a way of its own.
   */
  async follow(port: number = this.port): Promise<PostgresServer> {
    const standby = await PostgresServer.#inNewFolder();
    const from = ["-h", HOST, "-p", String(port), "-U", USER];
    const how = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"];
    await run("pg_basebackup", ["-D", standby.data, ...from, ...how], standby.#folder);
    await standby.start();
    await this.#sets("synchronous_standby_names", "*");
    const text = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'";
    await this.#until(async () => (await this.query(text)).length > 0);
    return standby;
  }

  /** The standby becomes the primary, and waits for nobody. */
  async promote(): Promise<void> {
    await this.query("SELECT pg_promote(true, 60)");
    await this.#sets("synchronous_standby_names", "");
  }

  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const client = new pg.Client({
      connectionString: this.urlAt(),
      connectionTimeoutMillis: 5_000,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(text, [...values])).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  async dispose(): Promise<void> {
    await this.kill();
    process.off("exit", this.#killNow);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #sets(name: string, value: string): Promise<void> {
    await this.query(`ALTER SYSTEM SET ${name} = '${value}'`);
    await this.query("SELECT pg_reload_conf()");
  }

  async #isUp(): Promise<void> {
    await this.#until(() =>
      this.query("SELECT 1").then(
        () => true,
        () => false,
      ),
    );
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + UP_MS;
    while (!(await isSo())) {
      if (this.#process?.exitCode !== null) throw new Error("PostgreSQL has ended by itself");
      if (performance.now() > end) throw new Error(`PostgreSQL is not up after ${UP_MS} ms`);
      await delay(POLL_MS);
    }
  }

  /** Its first process goes first, so that it starts no other one. */
  readonly #killNow = (): void => {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    const children = childrenOf(pid);
    for (const each of [pid, ...children]) {
      try {
        process.kill(each, "SIGKILL");
      } catch {
        // It had ended already.
      }
    }
  };
}

/** By the system's table of processes. */
function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === parent)
    .map(Number);
}

function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets, and may have spaces and brackets in it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
