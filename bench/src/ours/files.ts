import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export const storeFile = (folder: string): string => join(folder, "bench.db");

/**
 * What the database holds, its log included: pages in use. The files' sizes would say less, because
 * the log is written over from its beginning, and pages are free before they are used.
 */
export async function storeBytes(folder: string): Promise<number> {
  const db = new DatabaseSync(storeFile(folder), { readOnly: true, timeout: 5_000 });
  try {
    const pragma = (name: string): number => {
      const row = db.prepare(`PRAGMA ${name}`).get() ?? {};
      return Number(row[name]);
    };
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  } finally {
    db.close();
  }
}
