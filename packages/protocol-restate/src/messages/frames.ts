/**
 * Frames of the service protocol: 8 bytes of header, then a protobuf message.
 *
 *     u16 type | u16 flags | u32 length of the body        big endian
 *
 * F1  A frame's body is bounded before a byte of it is kept.
 * F2  What is not a known message, or no well-formed one, is an error that ends the attempt; the
 *     reader is then of no more use.
 * F3  Messages are views of the chunks they came in: who keeps their bytes for long copies them.
 */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { InvariantError, PerdureError } from "@perdure/kernel";
import { messageLimits } from "./limits.ts";
import type { Message } from "./messages.ts";
import { rowOf, schemaOf } from "./tables.ts";

const HEADER_BYTES = 8;
const REQUESTED_ACK = 0x8000;

const noHeader = new Uint8Array(HEADER_BYTES);

export function encodeFrame(message: Message): Uint8Array {
  const { code, schema } = rowOf(message);
  const writer = new BinaryWriter();
  writer.raw(noHeader);
  schema.write(writer, message);
  const frame = writer.finish();
  const asks = message.type === "proposeRunCompletion" && message.requestedAck;
  const head = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  head.setUint16(0, code);
  head.setUint16(2, asks ? REQUESTED_ACK : 0);
  head.setUint32(4, frame.byteLength - HEADER_BYTES);
  return frame;
}

export function decode(code: number, flags: number, body: Uint8Array): Message {
  const schema = schemaOf(code);
  if (schema === undefined) throw unreadable(code, "this server does not know such messages");
  let message: Message;
  try {
    message = schema.read(new BinaryReader(body), body.byteLength, 0);
  } catch (error) {
    // A broken invariant is ours; everything else that reading throws is the message's fault.
    if (error instanceof InvariantError) throw error;
    throw unreadable(code, error instanceof Error ? error.message : String(error));
  }
  if (message.type === "proposeRunCompletion") {
    return { ...message, requestedAck: (flags & REQUESTED_ACK) !== 0 };
  }
  if (flags !== 0) throw unreadable(code, `its flags ${hex(flags)} have no meaning here`);
  return message;
}

function unreadable(code: number, why: string): PerdureError {
  return new PerdureError(
    "invalid-argument",
    `a message of type ${hex(code)} cannot be read: ${why}; check that the endpoint's SDK speaks the service protocol in version 5 to 7, and that nothing between it and this server changes bytes`,
  );
}

function hex(number: number): string {
  return `0x${number.toString(16).padStart(4, "0")}`;
}

/** Takes a stream apart, in whatever pieces it comes. */
export class FrameReader {
  readonly #frameBytes: number;
  /** What has come of a frame that is not whole, and how much that is. */
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** What is needed before there is anything to do. */
  #needed = HEADER_BYTES;

  constructor(frameBytes: number = messageLimits.frameBytes) {
    this.#frameBytes = frameBytes;
  }

  /**
   * The messages that the chunk completes, one by one: those before one that cannot be read are
   * had before it throws. The chunk is the reader's from now on.
   */
  *push(chunk: Uint8Array): Generator<Message, void, void> {
    this.#pieces.push(chunk);
    this.#length += chunk.byteLength;
    while (this.#length >= this.#needed) {
      const bytes = this.#whole();
      this.#needed = this.#frameLength(bytes);
      if (bytes.byteLength < this.#needed) return;
      const body = bytes.subarray(HEADER_BYTES, this.#needed);
      const rest = bytes.subarray(this.#needed);
      this.#pieces = rest.byteLength === 0 ? [] : [rest];
      this.#length = rest.byteLength;
      this.#needed = HEADER_BYTES;
      yield decode(u16(bytes, 0), u16(bytes, 2), body);
    }
  }

  /** The stream is over: does it end between two frames? */
  end(): void {
    if (this.#length === 0) return;
    throw new PerdureError(
      "invalid-argument",
      `the endpoint's answer ends in the middle of a message, after ${this.#length} bytes of it; look for a proxy or a crash that cuts connections`,
    );
  }

  #whole(): Uint8Array {
    const [first] = this.#pieces;
    if (this.#pieces.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [whole];
    return whole;
  }

  /** Of the frame at the beginning, as far as it is known. */
  #frameLength(bytes: Uint8Array): number {
    if (bytes.byteLength < HEADER_BYTES) return HEADER_BYTES;
    const length = u16(bytes, 4) * 0x10000 + u16(bytes, 6);
    if (length > this.#frameBytes) {
      throw new PerdureError(
        "limit-exceeded",
        `the endpoint sent a message of ${length} bytes, the limit is ${this.#frameBytes} (RT0003); make the value smaller, or keep it elsewhere and pass a reference`,
      );
    }
    return HEADER_BYTES + length;
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
