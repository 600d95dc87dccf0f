/** A stream of bytes as frames: four bytes of length, most significant first, and so many bytes. */
import { PerdureError } from "@perdure/kernel";

const HEAD = 4;
const nothing = new Uint8Array(0);

export function frameHead(bytes: number): Uint8Array {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, bytes);
  return head;
}

/**
 * F1  What is kept of a frame that is not whole is what has come of it, and never what it promises.
 * F2  A frame that is longer than allowed is refused by its first four bytes.
 */
export class Frames {
  /** Bytes of the longest frame that is taken from here on. */
  maxBytes: number;
  readonly #parts: Uint8Array[] = [];
  /** Bytes in `parts`. */
  #bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Bytes of a frame that is not whole yet. */
  get partial(): number {
    return this.#bytes;
  }

  /** Throws `limit-exceeded`. */
  *take(chunk: Uint8Array): Generator<Uint8Array> {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    for (let wanted = this.#wanted(); this.#bytes >= wanted; wanted = this.#wanted()) {
      const all = this.#joined();
      this.#keep(all.subarray(wanted));
      yield all.subarray(HEAD, wanted);
    }
  }

  clear(): void {
    this.#keep(nothing);
  }

  /** Bytes from here to the end of the frame that comes next. */
  #wanted(): number {
    if (this.#bytes < HEAD) return HEAD;
    const [first] = this.#parts;
    const head = first !== undefined && first.length >= HEAD ? first : this.#joined();
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
    if (length <= this.maxBytes) return HEAD + length;
    const text = `A message of another node has ${length} bytes of ${this.maxBytes}.`;
    throw new PerdureError("limit-exceeded", text);
  }

  #joined(): Uint8Array {
    const [first = nothing] = this.#parts;
    if (this.#parts.length <= 1) return first;
    const all = Buffer.concat(this.#parts, this.#bytes);
    this.#parts.splice(0, this.#parts.length, all);
    return all;
  }

  #keep(rest: Uint8Array): void {
    this.#parts.length = 0;
    if (rest.length > 0) this.#parts.push(rest);
    this.#bytes = rest.length;
  }
}
