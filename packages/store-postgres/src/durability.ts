/** What `done` rests on: that the database answers COMMIT after its log is on disk. */
import { PerdureError } from "@perdure/kernel";
import type { Database, Statement } from "./database.ts";

const setting: Statement = {
  name: "durability",
  text: "SELECT current_setting('synchronous_commit') AS value",
};

export async function checkDurability(database: Database): Promise<void> {
  const [row] = await database.run(setting);
  if (row?.["value"] !== "off") return;
  throw new PerdureError(
    "invalid-argument",
    `${database.shown} has synchronous_commit = off for this user, so that it loses what it has ` +
      `acknowledged when it crashes. Set it to on: ALTER ROLE … SET synchronous_commit = on.`,
  );
}
