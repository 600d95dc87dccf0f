/** Notes in a SQLite file. A note's key is its step's key: written twice, it is there once. */
import { DatabaseSync } from "node:sqlite";

export interface Note {
  readonly key: string;
  readonly text: string;
}

export class Notes {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS notes (
        number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, text TEXT NOT NULL) STRICT;
    `);
  }

  /** Answers whether the note is new. */
  take(key: string, text: string): boolean {
    const { changes } = this.#db
      .prepare("INSERT INTO notes (key, text) VALUES (?, ?) ON CONFLICT (key) DO NOTHING")
      .run(key, text);
    return changes === 1;
  }

  all(): Note[] {
    return this.#db
      .prepare("SELECT key, text FROM notes ORDER BY number")
      .all() as unknown as Note[];
  }

  close(): void {
    this.#db.close();
  }
}
