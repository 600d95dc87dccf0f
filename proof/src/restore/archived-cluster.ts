/**
 * A PostgreSQL whose log is archived, and clusters restored from it: with the very scripts and settings
 * of `deploy/postgresql`, which are the documented procedure.
 *
 * It owns a temporary folder: the primary's data, the backups, and the restored clusters. All of it ends
 * with `close`. Servers listen on sockets in that folder alone, and every commit is synced.
 */
import { execFile } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findPrograms, giveAway, programOwner, USER } from "@perdure/store-postgres/testing";

const scripts = join(import.meta.dirname, "../../../deploy/postgresql");
const patienceMs = 60_000;
/** As the published settings have it. */
const publishedFolder = "/srv/perdure-backups";

export interface RunningCluster {
  /** As `open` and `perdure start` take it. */
  readonly store: string;
  sql(text: string): Promise<string>;
  stop(): Promise<void>;
}

const runFile = promisify(execFile);

export class ArchivedCluster {
  readonly #folder = mkdtempSync(join(tmpdir(), "perdure-restore-"));
  readonly #backups = join(this.#folder, "backups");
  readonly #started = new Set<string>();

  private constructor() {
    giveAway(this.#folder);
    for (const folder of [this.#backups, join(this.#backups, "wal")]) {
      mkdirSync(folder);
      giveAway(folder);
    }
  }

  static async make(): Promise<{ cluster: ArchivedCluster; primary: RunningCluster }> {
    const cluster = new ArchivedCluster();
    try {
      return { cluster, primary: await cluster.#makePrimary() };
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async #makePrimary(): Promise<RunningCluster> {
    const data = join(this.#folder, "primary");
    await this.#run("initdb", "--pgdata", data, "--username", USER, "--auth", "trust");
    const settings = readFileSync(join(scripts, "archive.conf"), "utf8");
    const here = settings.replaceAll(publishedFolder, this.#backups);
    appendFileSync(join(data, "postgresql.conf"), here);
    return this.#start(data);
  }

  /** A base backup while the primary works; its folder. */
  async backUp(): Promise<string> {
    const args = [this.#backups, "--host", this.#socketsOf("primary"), "--username", USER];
    const said = await this.#run(join(scripts, "base-backup.sh"), ...args);
    return said.split("\n").at(-1) ?? "";
  }

  /** Everything that is in the primary's log now is in the archive. */
  async archiveAll(primary: RunningCluster): Promise<void> {
    const wanted = await primary.sql("SELECT pg_walfile_name(pg_switch_wal())");
    const deadline = performance.now() + patienceMs;
    while (!existsSync(join(this.#backups, "wal", wanted))) {
      if (performance.now() > deadline) throw new Error(`${wanted} has not been archived`);
      await sleep(20);
    }
  }

  /** A cluster that has come to where the settings say, and takes writes. */
  async restore(
    name: string,
    copy: string,
    ...settings: readonly string[]
  ): Promise<RunningCluster> {
    const data = join(this.#folder, name);
    await this.#run(join(scripts, "restore.sh"), this.#backups, copy, data, ...settings);
    const restored = await this.#start(data);
    const deadline = performance.now() + patienceMs;
    while ((await restored.sql("SELECT pg_is_in_recovery()")) !== "f") {
      if (performance.now() > deadline) throw new Error(`${name} has not reached its target`);
      await sleep(20);
    }
    return restored;
  }

  async close(): Promise<void> {
    for (const data of this.#started) await this.#stop(data);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(data: string): Promise<RunningCluster> {
    const name = data.slice(this.#folder.length + 1);
    const sockets = this.#socketsOf(name);
    mkdirSync(sockets);
    giveAway(sockets);
    const settings = `-c listen_addresses= -k ${sockets}`;
    const log = join(this.#folder, `${name}.log`);
    this.#started.add(data);
    const wait = ["--wait", "--timeout", "60"];
    await this.#run("pg_ctl", "--pgdata", data, ...wait, "-l", log, "-o", settings, "start");
    return {
      store: `postgres://${USER}@localhost/${USER}?host=${encodeURIComponent(sockets)}`,
      sql: (text) => {
        const args = ["--host", sockets, "--username", USER, "--no-psqlrc", "--tuples-only"];
        return this.#run("psql", ...args, "--no-align", "--command", text);
      },
      stop: () => this.#stop(data),
    };
  }

  async #stop(data: string): Promise<void> {
    if (!this.#started.delete(data)) return;
    await this.#run("pg_ctl", "--pgdata", data, "--mode", "fast", "--wait", "stop");
  }

  #socketsOf(name: string): string {
    return join(this.#folder, `${name}.d`);
  }

  async #run(program: string, ...args: readonly string[]): Promise<string> {
    const bin = findPrograms()?.folder ?? "";
    const { stdout } = await runFile(program.includes("/") ? program : join(bin, program), args, {
      ...programOwner(),
      cwd: this.#folder,
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    });
    return stdout.trim();
  }
}
