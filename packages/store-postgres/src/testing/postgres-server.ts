/**
 * A PostgreSQL server of one's own for a test, in a temporary folder.
 *
 * 1. It is gone, with its folder, when it is stopped or when this process exits.
 * 2. It listens on a socket in its folder and on a port of 127.0.0.1 that was free.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findPrograms, giveAway, programOwner, USER } from "./programs.ts";

export interface PostgresServer {
  readonly version: number;
  readonly port: number;
  /** For `pg`: through the socket. */
  readonly connection: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  };
  /** For a store: through 127.0.0.1. `query` is added to it, as in `schema=one`. */
  address(query?: string): string;
  /** Ends at once, as after `kill -9`; `start` brings it back with what it had. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Of PostgreSQL; absent: the newest that is installed. */
  readonly version?: number;
  /** Whether commits are synced. Default: no, for a test that does not crash machines. */
  readonly fsync?: boolean;
  /** Further settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

const START_MS = 60_000;

/**
 * Why tests on PostgreSQL cannot run here; undefined: they can. Where they must, as in CI
 * (`PERDURE_REQUIRE_POSTGRES`), it is never an excuse.
 */
export function missingPostgres(version?: number): string | undefined {
  if (process.env["PERDURE_REQUIRE_POSTGRES"] && version === undefined) return undefined;
  if (findPrograms(version) !== undefined) return undefined;
  return `this test needs PostgreSQL${version === undefined ? "" : ` ${version}`}: install it`;
}

export async function startPostgres(options: ServerOptions = {}): Promise<PostgresServer> {
  const programs = findPrograms(options.version);
  if (programs === undefined) throw new Error(missingPostgres(options.version) ?? "no PostgreSQL");
  const folder = mkdtempSync(join(tmpdir(), "perdure-pg-"));
  giveAway(folder);
  const owner = programOwner();
  const data = join(folder, "data");
  execFileSync(
    join(programs.folder, "initdb"),
    ["--pgdata", data, "--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8"],
    { ...owner, cwd: folder, stdio: "pipe" },
  );
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: folder,
    fsync: options.fsync === true ? "on" : "off",
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const connection = { host: folder, port, user: USER, database: USER };
  const program = join(programs.folder, "postgres");
  const process_ = new ServerProcess(folder, connection, () =>
    spawnServer(program, ["-D", data, ...args], folder, owner),
  );
  await process_.start();
  return {
    version: programs.version,
    port,
    connection,
    address: (query) =>
      `postgres://${USER}@127.0.0.1:${port}/${USER}${query === undefined ? "" : `?${query}`}`,
    kill: () => process_.end("SIGQUIT"),
    start: () => process_.start(),
    stop: async () => {
      await process_.end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

class ServerProcess {
  readonly #folder: string;
  readonly #connection: PostgresServer["connection"];
  readonly #spawn: () => ChildProcess;
  #child: ChildProcess | undefined;
  readonly #onExit = (): void => {
    this.#child?.kill("SIGQUIT");
    rmSync(this.#folder, { recursive: true, force: true });
  };

  constructor(
    folder: string,
    connection: PostgresServer["connection"],
    spawnIt: () => ChildProcess,
  ) {
    this.#folder = folder;
    this.#connection = connection;
    this.#spawn = spawnIt;
  }

  async start(): Promise<void> {
    const child = this.#spawn();
    this.#child = child;
    process.once("exit", this.#onExit);
    const deadline = performance.now() + START_MS;
    while (!(await answers(this.#connection))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(
          `PostgreSQL did not start: ${readFileSync(join(this.#folder, "log"), "utf8")}`,
        );
      }
      await sleep(20);
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off("exit", this.#onExit);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

function spawnServer(
  program: string,
  args: readonly string[],
  folder: string,
  owner: { readonly uid?: number; readonly gid?: number },
): ChildProcess {
  const log = openSync(join(folder, "log"), "a");
  const child = spawn(program, args, { ...owner, cwd: folder, stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function answers(connection: PostgresServer["connection"]): Promise<boolean> {
  const client = new pg.Client(connection);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
