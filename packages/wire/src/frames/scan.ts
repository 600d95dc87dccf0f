/**
 * One walk over a frame's bytes before anything is made of them: after it, decoding cannot nest
 * too deep, allocate for lengths that only were promised, or revive anything.
 *
 * Checked: one value and no byte after it; every length fits into what is left; depth and number
 * of items; keys are text; text is UTF-8; numbers are finite and exact; no extension type.
 * The format: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
import { PerdureError } from "@perdure/kernel";
import { wireLimits } from "../limits.ts";

export interface ScanRules {
  /** Containers within each other. */
  readonly depth: number;
  readonly items: number;
  /** Numbers are any, texts are what their bytes make of them, and a list may have holes. */
  readonly isPlain: boolean;
}

const ofFrames: ScanRules = {
  depth: wireLimits.frameDepth,
  items: wireLimits.frameItems,
  isPlain: false,
};

/** Items that each open container still wants; two for an entry of a map. */
const deepest = Math.max(wireLimits.frameDepth, wireLimits.plainDepth);
const wanted = new Float64Array(deepest + 1);
const isMap = new Uint8Array(deepest + 1);

/** Throws `invalid-argument` or `limit-exceeded`. */
export function scan(bytes: Uint8Array, rules: ScanRules = ofFrames): void {
  new Scan(bytes, rules).run();
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: ScanRules;
  #at = 0;
  #depth = 0;
  #items = 0;

  constructor(bytes: Uint8Array, rules: ScanRules) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): void {
    wanted[0] = 1;
    isMap[0] = 0;
    for (;;) {
      while (wanted[this.#depth] === 0) {
        if (this.#depth === 0) return this.#end();
        this.#depth--;
      }
      const left = wanted[this.#depth] ?? 0;
      wanted[this.#depth] = left - 1;
      if (++this.#items > this.#rules.items) {
        throw tooMuch(`it has more than ${this.#rules.items} items`);
      }
      this.#value(isMap[this.#depth] === 1 && left % 2 === 0);
    }
  }

  #end(): void {
    if (this.#at !== this.#bytes.length) throw malformed("bytes follow its end");
  }

  #value(isKey: boolean): void {
    const head = this.#bytes[this.#at];
    if (head === undefined) throw malformed("it ends too early");
    this.#at++;
    if (head >= 0xa0 && head <= 0xbf) return this.#text(head - 0xa0);
    if (head >= 0xd9 && head <= 0xdb) return this.#text(this.#length(head - 0xd9));
    if (isKey) throw malformed("a key in it is not a text");
    if (head <= 0x7f || head >= 0xe0) return;
    if (head <= 0x8f) return this.#open(head - 0x80, 2);
    if (head <= 0x9f) return this.#open(head - 0x90, 1);
    this.#long(head);
  }

  #long(head: number): void {
    switch (head) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#skip(this.#length(head - 0xc4));
      case 0xd4:
        return this.#hole();
      case 0xcc:
      case 0xd0:
        return this.#skip(1);
      case 0xcd:
      case 0xd1:
        return this.#skip(2);
      case 0xce:
      case 0xd2:
        return this.#skip(4);
      case 0xca:
      case 0xcb:
        return this.#float(head === 0xca ? 4 : 8);
      case 0xcf:
      case 0xd3:
        return this.#integer();
      case 0xdc:
      case 0xdd:
        return this.#open(this.#length(head - 0xdb), 1);
      case 0xde:
      case 0xdf:
        return this.#open(this.#length(head - 0xdd), 2);
      default:
        throw extended();
    }
  }

  /** The one extension that there is: `undefined`, of type 0 with a byte 0. */
  #hole(): void {
    const at = this.#at;
    this.#skip(2);
    if (!this.#rules.isPlain || this.#view.getUint16(at) !== 0) throw extended();
  }

  /** The length that follows, in 1, 2 or 4 bytes. */
  #length(form: number): number {
    const size = 1 << form;
    const at = this.#at;
    this.#skip(size);
    if (form === 0) return this.#view.getUint8(at);
    return form === 1 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #skip(bytes: number): void {
    this.#at += bytes;
    if (this.#at > this.#bytes.length) throw malformed("it ends too early");
  }

  /** Every item has a byte at least. */
  #open(count: number, perEntry: number): void {
    const items = count * perEntry;
    if (items > this.#bytes.length - this.#at) throw malformed("it ends too early");
    if (this.#depth >= this.#rules.depth) {
      throw tooMuch(`it is nested more than ${this.#rules.depth} deep`);
    }
    this.#depth++;
    wanted[this.#depth] = items;
    isMap[this.#depth] = perEntry - 1;
  }

  #text(length: number): void {
    const from = this.#at;
    this.#skip(length);
    if (this.#rules.isPlain) return;
    for (let i = from; i < this.#at; i++) {
      if ((this.#bytes[i] ?? 0) < 0x80) continue;
      if (isUtf8(this.#bytes.subarray(i, this.#at))) return;
      throw malformed("a text in it is not UTF-8");
    }
  }

  #float(size: number): void {
    const at = this.#at;
    this.#skip(size);
    if (this.#rules.isPlain) return;
    const value = size === 4 ? this.#view.getFloat32(at) : this.#view.getFloat64(at);
    if (!Number.isFinite(value)) throw malformed("a number in it is not finite");
  }

  #integer(): void {
    const at = this.#at;
    this.#skip(8);
    const high = this.#view.getInt32(at);
    if (high < -0x200000 || high > 0x1fffff) throw malformed("an integer in it passes 2^53");
  }
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** Not Node's own: workers run at the edge too. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function extended(): PerdureError {
  return malformed("it has an extension type, which the protocol does not use");
}

export function malformed(why: string): PerdureError {
  return new PerdureError(
    "invalid-argument",
    `The frame cannot be read: ${why}. Use a version of the SDK that speaks to this server.`,
  );
}

export function tooMuch(why: string): PerdureError {
  return new PerdureError(
    "limit-exceeded",
    `The frame is too large: ${why}. Send less at a time, or keep large values elsewhere.`,
  );
}
