/** Partitions: who owns them, how far they have come, what seals them. */
import { PerdureError } from "@perdure/kernel";
import { claimedError, sealedBy, sealedError, type Claim, type Seal } from "@perdure/store";
import { numbers } from "../arrays.ts";
import type { Database, Row, Session, Statement } from "../database.ts";
import { postgresLimits as limits } from "../limits.ts";
import type { Held } from "../load.ts";
import { textIn, toText } from "../text.ts";

const COLUMNS = "partition, epoch, incarnation, last_batch, seal_state, seal_move, seal_other";

const look: Statement = {
  name: "look_partition",
  text: `SELECT ${COLUMNS} FROM @.partitions WHERE partition = $1`,
};
const lookAll: Statement = {
  name: "look_partitions",
  text: `SELECT ${COLUMNS} FROM @.partitions WHERE partition = ANY($1::int4[])`,
};
/** From then on the epoch before is over, and how far it came is known for good. */
const take: Statement = {
  name: "take_partition",
  text: `
    WITH taken AS (
      UPDATE @.partitions SET epoch = epoch + 1, incarnation = 0, owner = $2
      WHERE partition = $1 AND ($3::int8 IS NULL OR epoch = $3)
        AND (seal_state IS NULL OR seal_move = $4)
      RETURNING ${COLUMNS}
    ), ended AS (
      INSERT INTO @.epochs (partition, epoch, last_batch)
      SELECT partition, epoch - 1, last_batch FROM taken
    ), dropped AS (
      DELETE FROM @.epochs AS e USING taken AS t
      WHERE e.partition = t.partition AND e.epoch < t.epoch - $5::int8
    )
    SELECT ${COLUMNS} FROM taken`,
};
const renew: Statement = {
  name: "renew_partition",
  text: `
    UPDATE @.partitions SET incarnation = incarnation + 1 WHERE partition = $1 AND epoch = $2
    RETURNING ${COLUMNS}`,
};
const ended: Statement = {
  name: "look_epoch",
  text: "SELECT last_batch FROM @.epochs WHERE partition = $1 AND epoch = $2",
};
const release: Statement = {
  name: "release_partition",
  text: "UPDATE @.partitions SET owner = NULL WHERE partition = $1 AND epoch = $2",
};
const seal: Statement = {
  name: "seal_partition",
  text: `
    UPDATE @.partitions SET seal_state = $3, seal_move = $4, seal_other = $5
    WHERE partition = $1 AND epoch = $2 RETURNING partition`,
};

/** A new epoch for the partition: nobody else's commits are taken any more. */
export async function takePartition(
  database: Database,
  partition: number,
  claim: Claim | undefined,
): Promise<Held> {
  const [node, move] = [claim?.node, claim?.move].map((text) =>
    text === undefined ? null : toText(text),
  );
  const after = claim?.after ?? null;
  const values = [partition, node ?? null, after, move ?? null, limits.epochs];
  const [row] = await database.run(take, values);
  if (row !== undefined) return toHeld(row);
  const [found] = await database.run(look, [partition]);
  if (found === undefined) throw noPartition(partition);
  const isLate = claim !== undefined && claim.after !== toHeld(found).epoch;
  const sealed = sealedBy(toSeal(found), claim);
  // If it is neither, the seal was taken off at this very moment: whoever asks looks again.
  throw isLate || sealed === undefined ? claimedError(partition) : sealedError(sealed);
}

/**
 * What this owner has sent and had no answer to is not applied from now on, if it was not yet.
 * Undefined: the epoch is over.
 */
export async function renewPartition(
  database: Database,
  partition: number,
  epoch: number,
): Promise<Held | undefined> {
  const [row] = await database.run(renew, [partition, epoch]);
  return row && toHeld(row);
}

export async function lookAt(session: Session, partition: number): Promise<Held> {
  const [row] = await session.run(look, [partition]);
  if (row === undefined) throw noPartition(partition);
  return toHeld(row);
}

export async function lookAtAll(
  database: Database,
  partitions: readonly number[],
): Promise<readonly Held[]> {
  return (await database.run(lookAll, [numbers(partitions)])).map(toHeld);
}

/** How far the partition came in an epoch; absent: in the newest. */
export async function lastBatchOf(
  session: Session,
  partition: number,
  epoch: number | undefined,
): Promise<number> {
  const held = await lookAt(session, partition);
  if (epoch === undefined || epoch === held.epoch) return held.lastBatch;
  const [row] = await session.run(ended, [partition, epoch]);
  if (row !== undefined) return Number(row["last_batch"]);
  throw new PerdureError(
    "invalid-argument",
    `How far partition ${partition} came in epoch ${epoch} is not known any more; it is in epoch ` +
      `${held.epoch}. Open the partition again.`,
  );
}

export async function releasePartition(
  database: Database,
  partition: number,
  epoch: number,
): Promise<void> {
  await database.run(release, [partition, epoch]);
}

export async function sealPartition(
  database: Database,
  partition: number,
  epoch: number,
  wanted: Seal | undefined,
): Promise<void> {
  const values = [wanted?.state, wanted?.move, wanted?.other].map((text) =>
    text === undefined ? null : toText(text),
  );
  const sealed = await database.run(seal, [partition, epoch, ...values]);
  if (sealed.length === 0) throw claimedError(partition);
}

export function toHeld(row: Row): Held {
  return {
    partition: Number(row["partition"]),
    epoch: Number(row["epoch"]),
    incarnation: Number(row["incarnation"]),
    lastBatch: Number(row["last_batch"]),
  };
}

export function toSeal(row: Row): Seal | undefined {
  if (row["seal_state"] === null) return undefined;
  const state = textIn(row, "seal_state") as Seal["state"];
  return { state, move: textIn(row, "seal_move"), other: textIn(row, "seal_other") };
}

function noPartition(partition: number): PerdureError {
  const text = `There is no partition ${partition} in this store: see how many it has.`;
  return new PerdureError("invalid-argument", text);
}
