/**
 * Checksums that do not depend on how a store keeps things: SHA-256 of a stream's name and of its
 * events with their lengths; and of the streams' digests in the order of their names.
 */
import { createHash, type Hash } from "node:crypto";
import type { StreamId } from "@perdure/kernel";

export class StreamDigest {
  readonly #hash: Hash;

  constructor(stream: StreamId) {
    this.#hash = createHash("sha256");
    this.#add(Buffer.from(stream));
  }

  addAll(events: readonly Uint8Array[]): void {
    for (const event of events) this.#add(event);
  }

  end(): Buffer {
    return this.#hash.digest();
  }

  #add(bytes: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.#hash.update(length).update(bytes);
  }
}

export class SumDigest {
  readonly #hash = createHash("sha256");

  add(digest: Uint8Array): void {
    this.#hash.update(digest);
  }

  end(): string {
    return this.#hash.digest("hex");
  }
}
