/** A SQLite store under test: a file of its own, which can be damaged and survive its process. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { CommitFault, Harness } from "@perdure/store/contract";
import type { WriteFault } from "../src/options.ts";
import { SqliteStore } from "../src/sqlite-store.ts";

/** So small that streams are gathered out of the log all the time. */
const OPTIONS = { partitions: 4, logBytes: 4_096 };

export class SqliteHarness implements Harness {
  readonly #folder = mkdtempSync(join(tmpdir(), "perdure-sqlite-"));
  readonly #inline: boolean;
  #generation = 0;
  #fault: WriteFault = "none";
  #store: SqliteStore | undefined;

  constructor(inline: boolean) {
    this.#inline = inline;
  }

  static async make(inline: boolean): Promise<SqliteHarness> {
    const harness = new SqliteHarness(inline);
    harness.#store = await harness.#open();
    return harness;
  }

  get path(): string {
    return join(this.#folder, `store-${this.#generation}.db`);
  }

  get store(): SqliteStore {
    if (this.#store === undefined) throw new Error("the harness is not open");
    return this.#store;
  }

  /** As after a kill: a copy of what the files are at this moment, without a close. */
  async reopen(): Promise<void> {
    const before = this.path;
    this.#generation += 1;
    for (const end of ["", "-wal"]) {
      if (existsSync(before + end)) copyFileSync(before + end, this.path + end);
    }
    await this.#store?.close();
    this.#store = await this.#open();
  }

  failNext(fault: CommitFault): void {
    this.#fault = fault;
  }

  async corrupt(name: string): Promise<void> {
    const db = new DatabaseSync(this.path);
    // A chunk's id is 2^22 times its stream's id, plus its number.
    const chunks = db.prepare(
      "SELECT c.id, c.data FROM chunks c, streams s WHERE s.name = ? AND c.id / 4194304 = s.id",
    );
    for (const { id, data } of chunks.all(name)) {
      const bytes = data as Uint8Array;
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      db.prepare("UPDATE chunks SET data = ? WHERE id = ?").run(bytes, id ?? null);
    }
    db.close();
  }

  async dispose(): Promise<void> {
    await this.#store?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): SqliteStore | Promise<SqliteStore> {
    if (!this.#inline) return SqliteStore.open(this.path, OPTIONS);
    const fault = (): WriteFault => {
      const next = this.#fault;
      this.#fault = "none";
      return next;
    };
    return SqliteStore.openInline(this.path, { ...OPTIONS, fault });
  }
}
