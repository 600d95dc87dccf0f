/**
 * A PostgreSQL cluster of one's own, behind a socket in its folder: every commit is synced, and
 * memory is set as its documentation advises for a machine that it shares with the application.
 */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { DatabaseCounters, NamedProcess } from "../contender.ts";
import { countersOf, countingLibrary, prepareCounters } from "./postgres-counters.ts";
import { findPostgresFolder, letThrough, versionOf } from "./programs.ts";
import { startServer } from "./server-process.ts";

export interface Postgres {
  /** For `new pg.Pool(…)`: the socket, not TCP, since that costs less. */
  readonly connection: {
    readonly host: string;
    readonly user: string;
    readonly database: string;
  };
  readonly process: NamedProcess;
  /** A pool whose lost connections do not end the process. */
  pool(max: number): pg.Pool;
  /** All tables and indexes. The log ahead of them is not in it: it is reused, not kept. */
  bytes(): Promise<number>;
  counters(): Promise<DatabaseCounters>;
  stop(): Promise<void>;
}

export const installPostgres = "apt-get install postgresql";

export const postgresDurability =
  "PostgreSQL with fsync=on, synchronous_commit=on, full_page_writes=on: a commit is synced";

const settings = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  // A quarter of the smallest machine that this is meant for, 4 GB.
  shared_buffers: "1GB",
  // So that no round is spent on a checkpoint that the log's size forces.
  max_wal_size: "4GB",
  max_connections: "200",
  shared_preload_libraries: countingLibrary,
};

export const postgresSettings = `socket, ${Object.entries(settings)
  .map(([name, value]) => `${name}=${value}`)
  .join(", ")}`;

const user = "postgres";

/** As Perdure's `store` names it. */
export function urlOf({ connection: { host, user: name, database } }: Postgres): string {
  return `postgres://${name}@localhost/${database}?host=${encodeURIComponent(host)}`;
}

export function postgresVersion(): string | undefined {
  const bin = findPostgresFolder();
  return bin === undefined ? undefined : versionOf(join(bin, "postgres"));
}

/** Starts the cluster whose data is in `folder`, or makes one there. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const bin = findPostgresFolder();
  if (bin === undefined) throw new Error(`PostgreSQL is missing: ${installPostgres}`);
  const home = join(folder, "postgres");
  mkdirSync(home, { recursive: true });
  const owner = ownerOf(home);
  const data = join(home, "data");
  if (!existsSync(data)) {
    const args = ["--pgdata", data, "--username", user, "--auth", "trust", "--encoding", "UTF8"];
    execFileSync(join(bin, "initdb"), args, { ...owner, cwd: home, stdio: "pipe" });
  }
  // Of a life that was killed; the new one would take it for a running server.
  rmSync(join(data, "postmaster.pid"), { force: true });
  const connection = { host: home, user, database: user };
  const server = await startServer({
    program: join(bin, "postgres"),
    args: ["-D", data, "-k", home, ...flags({ ...settings, listen_addresses: "" })],
    log: join(folder, "postgres.log"),
    isReady: () => answers(connection),
    options: { ...owner, cwd: home },
  });
  let stopping = false;
  const makePool = (max: number) => {
    const made = new pg.Pool({ ...connection, max });
    // Without a listener a connection that is lost ends the process.
    made.on("error", (error) => {
      if (!stopping) console.error(`postgres: ${error.message}`);
    });
    return made;
  };
  const pool = makePool(1);
  await prepareCounters(pool);
  return {
    connection,
    process: { name: "postgres", pid: server.pid },
    pool: makePool,
    bytes: async () => {
      const { rows } = await pool.query<{ bytes: string }>(
        "SELECT pg_database_size(current_database()) AS bytes",
      );
      return Number(rows[0]?.bytes);
    },
    counters: () => countersOf(pool),
    stop: async () => {
      stopping = true;
      await othersAreGone(pool);
      await pool.end();
      await server.stop("SIGINT");
    },
  };
}

function flags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Libraries that end their pool without waiting for it would hear that they were cut off. */
async function othersAreGone(pool: pg.Pool): Promise<void> {
  const deadline = performance.now() + 2_000;
  while (performance.now() < deadline) {
    const { rowCount } = await pool.query(
      "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    );
    if (rowCount === 0) return;
    await sleep(10);
  }
}

async function answers(connection: Postgres["connection"]): Promise<boolean> {
  const client = new pg.Client(connection);
  try {
    await client.connect();
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** PostgreSQL refuses to run as root, and then runs as its own user. */
function ownerOf(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, user], { encoding: "utf8" }));
  const owner = { uid: id("-u"), gid: id("-g") };
  chownSync(folder, owner.uid, owner.gid);
  letThrough(folder);
  return owner;
}
