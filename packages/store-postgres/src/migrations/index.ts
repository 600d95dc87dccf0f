/**
 * Brings a schema to this version's layout: numbered steps, each in its own transaction, and each
 * such that nodes of the version before go on working ("expand"); what nobody needs any more is
 * taken away by a later version ("contract"), which then raises `least`.
 *
 * Of several nodes that begin at once, one carries a step out: the row that says so is written
 * first, and the others wait for it.
 */
import { PerdureError } from "@perdure/kernel";
import type { Database, Session, Statement } from "../database.ts";
import { isDuplicate } from "../postgres-error.ts";
import { initial } from "./0001-initial.sql.ts";
import { tuning } from "./tuning.sql.ts";

interface Migration {
  readonly text: string;
  /** The lowest version of the layout that a node must know to work on what this step leaves. */
  readonly least: number;
}

/** In order; a step that was released never changes. */
const migrations: readonly Migration[] = [{ text: initial, least: 1 }];

export const schemaVersion: number = migrations.length;

const ATTEMPTS = 20;

const exists: Statement = {
  name: "migrations_exist",
  text: "SELECT 1 FROM information_schema.tables WHERE table_schema = $1 AND table_name = 'migrations'",
};
const found: Statement = {
  name: "migrations_found",
  text: "SELECT coalesce(max(number), 0) AS number, coalesce(max(least), 0) AS least FROM @.migrations",
};
const note: Statement = {
  name: "note_migration",
  text: "INSERT INTO @.migrations (number, least) VALUES ($1, $2)",
};

export async function migrate(database: Database): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptAll(database);
    } catch (error) {
      // Another node was quicker: what it made is there now.
      if (!isDuplicate(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function attemptAll(database: Database): Promise<void> {
  const { schema } = database;
  if ((await database.run(exists, [schema])).length === 0) {
    await database.session(async (session) => {
      await session.command(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
      await session.command(`CREATE TABLE "${schema}".migrations (
        number INTEGER NOT NULL PRIMARY KEY, least INTEGER NOT NULL)`);
    });
  }
  const [row] = await database.run(found);
  const number = Number(row?.["number"]);
  if (Number(row?.["least"]) > schemaVersion) throw newer(database, number);
  for (const [index, { text, least }] of migrations.entries()) {
    if (index < number) continue;
    await database.session(async (session) => {
      await session.command("BEGIN");
      await session.run(note, [index + 1, least]);
      await session.command(inSchema(text, schema));
      await session.commit();
    });
  }
  if (number < schemaVersion) await tune(database);
}

/** Each by itself: a database that does not know one of them may know the next. */
async function tune(database: Database): Promise<void> {
  const one = async (session: Session, text: string): Promise<void> => {
    await session.command(inSchema(text, database.schema));
  };
  for (const text of tuning) {
    await database.session((session) => one(session, text)).catch(() => undefined);
  }
}

function inSchema(text: string, schema: string): string {
  return text.replaceAll("@.", `"${schema}".`);
}

function newer({ shown }: Database, number: number): PerdureError {
  return new PerdureError(
    "store-newer",
    `${shown} was brought to layout ${number} by a newer version of Perdure, and this one knows ` +
      `${schemaVersion}. Install that version or a later one; this one has changed nothing.`,
  );
}
