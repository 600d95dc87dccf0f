/** Brings a file to this version's layout: numbered steps, each in its own transaction. */
import type { DatabaseSync } from "node:sqlite";
import { PerdureError } from "@perdure/kernel";
import { initial } from "./0001-initial.sql.ts";
import { runVersions } from "./0002-run-versions.sql.ts";
import { nodes } from "./0003-nodes.sql.ts";
import { place } from "./0004-place.sql.ts";
import { seals } from "./0005-seals.sql.ts";

/** In order; a step that was released never changes. */
const migrations: readonly string[] = [initial, runVersions, nodes, place, seals];

export const schemaVersion: number = migrations.length;

export function migrate(db: DatabaseSync, path: string): void {
  const found = versionOf(db);
  if (found > schemaVersion) {
    throw new PerdureError(
      "store-newer",
      `${path} was written by a newer version of Perdure (layout ${found}, this one knows ` +
        `${schemaVersion}). Install that version or a later one; this one has changed nothing.`,
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < found) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}
