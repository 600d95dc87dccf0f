/** Large payloads by the SHA-256 of their bytes, each kept as long as a stream that refers to it. */
import { PerdureError, type StreamId } from "@perdure/kernel";
import { sha256 } from "@perdure/store";
import { bytes, numbers } from "../arrays.ts";
import type { Call, Database, Statement } from "../database.ts";
import { nameBytes } from "./streams.ts";

export interface BlobRow {
  readonly partition: number;
  readonly hash: Uint8Array;
  readonly data: Uint8Array;
}

export interface Reference {
  readonly partition: number;
  readonly stream: StreamId;
  readonly hash: Uint8Array;
}

const add: Statement = {
  name: "add_blobs",
  text: `
    INSERT INTO @.blobs (partition, hash, data)
    SELECT partition, hash, data
    FROM unnest($1::int4[], $2::bytea[], $3::bytea[]) AS n(partition, hash, data)
    ON CONFLICT (partition, hash) DO NOTHING`,
};
const refer: Statement = {
  name: "add_blob_references",
  text: `
    INSERT INTO @.blob_references (partition, stream, hash)
    SELECT partition, stream, hash
    FROM unnest($1::int4[], $2::bytea[], $3::bytea[]) AS n(partition, stream, hash)
    ON CONFLICT (partition, stream, hash) DO NOTHING`,
};

export function addBlobs(blobs: readonly BlobRow[], references: readonly Reference[]): Call[] {
  return [
    {
      statement: add,
      values: [
        numbers(blobs.map(({ partition }) => partition)),
        bytes(blobs.map(({ hash }) => hash)),
        bytes(blobs.map(({ data }) => data)),
      ],
    },
    {
      statement: refer,
      values: [
        numbers(references.map(({ partition }) => partition)),
        bytes(references.map(({ stream }) => nameBytes(stream))),
        bytes(references.map(({ hash }) => hash)),
      ],
    },
  ];
}

/** Those that only the forgotten streams refer to. */
const dropOnly: Statement = {
  name: "forget_blobs",
  text: `
    DELETE FROM @.blobs AS b
    USING @.blob_references AS r, unnest($1::int4[], $2::bytea[]) AS n(partition, stream)
    WHERE r.partition = n.partition AND r.stream = n.stream
      AND b.partition = r.partition AND b.hash = r.hash
      AND NOT EXISTS (
        SELECT 1 FROM @.blob_references AS o
        WHERE o.partition = b.partition AND o.hash = b.hash AND o.stream <> ALL($2::bytea[]))`,
};
const unrefer: Statement = {
  name: "forget_blob_references",
  text: `
    DELETE FROM @.blob_references AS r
    USING unnest($1::int4[], $2::bytea[]) AS n(partition, stream)
    WHERE r.partition = n.partition AND r.stream = n.stream`,
};

export function forgetBlobs(
  streams: readonly { readonly partition: number; readonly stream: StreamId }[],
): Call[] {
  const values = [
    numbers(streams.map(({ partition }) => partition)),
    bytes(streams.map(({ stream }) => nameBytes(stream))),
  ];
  return [
    { statement: dropOnly, values },
    { statement: unrefer, values },
  ];
}

const get: Statement = {
  name: "get_blobs",
  text: "SELECT hash, data FROM @.blobs WHERE partition = $1 AND hash = ANY($2::bytea[])",
};

export async function readBlobs(
  database: Database,
  partition: number,
  hashes: readonly Uint8Array[],
): Promise<readonly (Uint8Array | undefined)[]> {
  if (hashes.length === 0) return [];
  const found = new Map<string, Uint8Array>();
  const values = [partition, bytes(hashes)];
  for (const { hash, data } of await database.read((session) => session.run(get, values))) {
    found.set(hex(hash as Buffer), data as Buffer);
  }
  return hashes.map((hash) => {
    const data = found.get(hex(hash));
    if (data !== undefined && Buffer.compare(sha256(data), hash) !== 0) throw altered(hash);
    return data;
  });
}

function altered(hash: Uint8Array): PerdureError {
  return new PerdureError(
    "store-corrupt",
    `The stored payload ${hex(hash)} is not what was written. Restore the store from a backup; ` +
      `runs that do not use it are not touched by it.`,
  );
}

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString("hex");
}
