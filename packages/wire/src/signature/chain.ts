/**
 * A signed answer: frames of a body that goes on, each `length (u32) | MAC (32 bytes) | payload`.
 *
 * H1  The MAC of frame n covers n, the payload and the MAC before it; the first one's is the
 *     request's. So an answer belongs to one request, and a frame to one place in it: what is
 *     changed, left out, doubled, put elsewhere or taken from another answer is found out.
 * H2  That nothing is missing at the end is for the frames to say: the last one is an `end` frame.
 * H3  A length is looked at before anything of that length is kept.
 */
import { PerdureError } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";
import { joined, MAC_BYTES, webDigests, type Digests } from "./hmac.ts";
import type { SignedRequest } from "./request.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const HEAD_BYTES = 4 + MAC_BYTES;
const label = new TextEncoder().encode("perdure-push/1 answer\n");

export class FrameSealer {
  readonly #request: SignedRequest;
  readonly #digests: Digests;
  #last: Bytes;
  #count = 0;

  constructor(request: SignedRequest, digests: Digests = webDigests) {
    this.#request = request;
    this.#digests = digests;
    this.#last = request.mac;
  }

  /** The bytes to send. One at a time: the next one is chained to this. */
  async seal(payload: Bytes): Promise<Bytes> {
    if (payload.length > wireLimits.pushFrameBytes) throw tooLong(payload.length);
    const message = link(this.#last, this.#count++, payload);
    this.#last = await this.#digests.mac(this.#request.key, message);
    return joined(u32(payload.length), this.#last, payload);
  }
}

export class FrameOpener {
  readonly #request: SignedRequest;
  readonly #maxBytes: number;
  readonly #digests: Digests;
  #last: Bytes;
  #count = 0;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(
    request: SignedRequest,
    maxBytes: number = wireLimits.pushFrameBytes,
    digests: Digests = webDigests,
  ) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#digests = digests;
    this.#last = request.mac;
  }

  /** Part of a frame is here. */
  get isPartial(): boolean {
    return this.#bytes > 0;
  }

  /** The payloads that this chunk completes; throws at the first that is not what was sealed. */
  async *open(chunk: Uint8Array): AsyncGenerator<Bytes> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      if (this.#bytes < HEAD_BYTES) return;
      const head = this.#take(HEAD_BYTES, false);
      const length = new DataView(head.buffer).getUint32(0);
      if (length > this.#maxBytes) throw tooLong(length);
      if (this.#bytes < HEAD_BYTES + length) return;
      const payload = this.#take(HEAD_BYTES + length, true).slice(HEAD_BYTES);
      const given = head.slice(4);
      const message = link(this.#last, this.#count, payload);
      const isRight = await this.#digests.isMac(this.#request.key, given, message);
      if (!isRight) throw broken(this.#count);
      this.#last = given;
      this.#count++;
      yield payload;
    }
  }

  #take(count: number, isTaken: boolean): Bytes {
    if ((this.#chunks[0]?.length ?? 0) < count) this.#chunks = [joined(...this.#chunks)];
    const [first] = this.#chunks;
    const taken = new Uint8Array(first?.subarray(0, count) ?? []);
    if (isTaken && first) {
      this.#chunks[0] = first.subarray(count);
      this.#bytes -= count;
    }
    return taken;
  }
}

function link(last: Bytes, count: number, payload: Bytes): Bytes {
  return joined(label, last, u32(count), payload);
}

function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function broken(count: number): PerdureError {
  const text = `Frame ${count} of the app's answer is not signed as it should be: it was altered on its way, or the app has another key.`;
  return new PerdureError("unauthenticated", text, { detail: { reason: "wrong-mac" } });
}

function tooLong(bytes: number): PerdureError {
  const text = `A frame of a push answer has ${bytes} bytes, the limit is ${wireLimits.pushFrameBytes}: keep results smaller.`;
  return new PerdureError("limit-exceeded", text);
}
