/** The shop's inventory: a SQLite file of its own, read here and kept by somebody else. */
import { DatabaseSync } from "node:sqlite";
import { catalogue, type Item } from "../catalogue.ts";

export class Inventory {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true });
  }

  find(sku: string): Item | null {
    const row = this.#db
      .prepare("SELECT sku, title, warehouse, returnable FROM items WHERE sku = ?")
      .get(sku);
    return row === undefined ? null : ({ ...row, returnable: row["returnable"] === 1 } as Item);
  }
}

/** Makes the file. */
export function stockInventory(file: string): void {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE items (sku TEXT PRIMARY KEY, title TEXT NOT NULL,
    warehouse TEXT NOT NULL, returnable INTEGER NOT NULL) STRICT`);
  const insert = db.prepare("INSERT INTO items VALUES (?, ?, ?, ?)");
  for (const { sku, title, warehouse, returnable } of catalogue) {
    insert.run(sku, title, warehouse, returnable ? 1 : 0);
  }
  db.close();
}
