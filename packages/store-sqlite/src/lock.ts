/**
 * One process at a time on a file. The lock is the operating system's, taken through SQLite on a
 * small file beside the data, so that it is gone with its holder however the holder died. A second
 * file says who holds it; that one is only for the message.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { PerdureError } from "@perdure/kernel";
import { isBusy } from "./sqlite-error.ts";

export class FileLock {
  readonly #db: DatabaseSync;
  readonly #holder: string;

  constructor(path: string) {
    this.#holder = `${path}.pid`;
    this.#db = new DatabaseSync(`${path}.lock`, { timeout: 0 });
    try {
      this.#db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;");
      this.#db.exec("BEGIN EXCLUSIVE;");
    } catch (cause) {
      this.#db.close();
      if (!isBusy(cause)) throw cause;
      throw new PerdureError(
        "store-busy",
        `${path} is in use by ${holderIn(this.#holder)}. Stop that process, or give this one a ` +
          `file of its own: one process at a time can have a store file open.`,
        { cause },
      );
    }
    writeFileSync(this.#holder, `${process.pid}\n`);
  }

  release(): void {
    rmSync(this.#holder, { force: true });
    this.#db.close();
  }
}

function holderIn(file: string): string {
  try {
    return `the process with pid ${readFileSync(file, "utf8").trim()}`;
  } catch {
    return "another process";
  }
}
