/** A PostgreSQL of one's own for a test: in a temporary folder, behind a socket in it. */
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PostgresCluster {
  /** For `pg`: `new Pool({ host, user, database })`. */
  readonly connection: {
    readonly host: string;
    readonly user: string;
    readonly database: string;
  };
  stop(): void;
}

const USER = "postgres";

/**
 * Why tests on PostgreSQL cannot run here; undefined: they can. Where they must, as in CI
 * (`PERDURE_REQUIRE_POSTGRES`), it is never an excuse.
 */
export function missingPostgres(): string | undefined {
  if (process.env["PERDURE_REQUIRE_POSTGRES"] || binaries() !== undefined) return undefined;
  return NOT_INSTALLED;
}

const NOT_INSTALLED = "this test needs PostgreSQL: install it with `apt-get install postgresql`";

export function startPostgres(): PostgresCluster {
  const folder = mkdtempSync(join(tmpdir(), "perdure-pg-"));
  const owner = ownerOf(folder);
  const bin = binaries();
  if (bin === undefined) throw new Error(NOT_INSTALLED);
  const data = join(folder, "data");
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(bin, program), args, { ...owner, cwd: folder, stdio: "pipe" });
  run("initdb", "--pgdata", data, "--username", USER, "--auth", "trust", "--no-sync");
  const settings = `-c listen_addresses= -c fsync=off -k ${folder}`;
  run("pg_ctl", "--pgdata", data, "--wait", "-l", join(folder, "log"), "-o", settings, "start");
  return {
    connection: { host: folder, user: USER, database: USER },
    stop: () => {
      run("pg_ctl", "--pgdata", data, "--mode", "immediate", "--wait", "stop");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function binaries(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root)
    ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a))
    : [];
  return versions
    .map((version) => join(root, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** PostgreSQL refuses to run as root, and then runs as its own user. */
function ownerOf(folder: string): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync("id", [flag, USER], { encoding: "utf8" }));
  const owner = { uid: id("-u"), gid: id("-g") };
  chownSync(folder, owner.uid, owner.gid);
  return owner;
}
