/** Large payloads by the SHA-256 of their bytes, each kept as long as a stream that refers to it. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PerdureError, type StreamId } from "@perdure/kernel";
import { sha256, type Blob } from "@perdure/store";

export class BlobTable {
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #refer: StatementSync;
  readonly #referred: StatementSync;
  readonly #unrefer: StatementSync;
  readonly #dropUnreferred: StatementSync;

  constructor(db: DatabaseSync) {
    this.#get = db.prepare("SELECT data FROM blobs WHERE hash = ?");
    this.#put = db.prepare("INSERT INTO blobs (hash, data) VALUES (?, ?) ON CONFLICT DO NOTHING");
    this.#refer = db.prepare(
      "INSERT INTO blob_references (stream, hash) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    this.#referred = db.prepare("SELECT hash FROM blob_references WHERE stream = ?");
    this.#unrefer = db.prepare("DELETE FROM blob_references WHERE stream = ?");
    this.#dropUnreferred = db.prepare(`
      DELETE FROM blobs WHERE hash = ?1
      AND NOT EXISTS (SELECT 1 FROM blob_references WHERE blob_references.hash = ?1)`);
  }

  put({ hash, data, stream }: Blob): void {
    this.#put.run(hash, data);
    this.#refer.run(stream, hash);
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    const data = this.#get.get(hash)?.["data"];
    if (!(data instanceof Uint8Array)) return undefined;
    if (Buffer.compare(sha256(data), hash) === 0) return data;
    throw new PerdureError(
      "store-corrupt",
      `The stored payload ${Buffer.from(hash).toString("hex")} is not what was written. Restore ` +
        `the store from a backup; runs that do not use it are not touched by it.`,
    );
  }

  forget(stream: StreamId): void {
    const hashes = this.#referred.all(stream).map(({ hash }) => hash as Uint8Array);
    if (hashes.length === 0) return;
    this.#unrefer.run(stream);
    for (const hash of hashes) this.#dropUnreferred.run(hash);
  }
}
