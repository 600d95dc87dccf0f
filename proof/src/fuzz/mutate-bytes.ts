/** Bytes bent out of shape: torn, flipped, spliced, and with lengths that promise too much. */
import type { Random } from "./random.ts";

/** Bytes that mean much in binary formats: signs, lengths, type marks. */
const telling: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xc1, 0xc9, 0xdd, 0xdf, 0xff];

/** One to four changes; in one case of eight none. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  if (random.chance(0.125)) return bytes;
  let mutated = bytes;
  for (let left = random.between(1, 4); left > 0; left--) mutated = once(random, mutated);
  return mutated;
}

function once(random: Random, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(random.between(0, 255));
  const at = random.between(0, bytes.length - 1);
  const copy = Uint8Array.from(bytes);
  switch (random.between(0, 7)) {
    case 0:
      return copy.slice(0, at);
    case 1:
      copy[at] = (copy[at] ?? 0) ^ (1 << random.between(0, 7));
      return copy;
    case 2:
      copy[at] = random.pick(telling);
      return copy;
    case 3:
      return joined(copy.subarray(0, at), Uint8Array.of(random.pick(telling)), copy.subarray(at));
    case 4:
      return joined(copy.subarray(0, at), copy.subarray(Math.min(copy.length, at + 3)));
    case 5:
      return joined(copy, copy.subarray(at));
    case 6:
      // A 32-bit length in the middle of it.
      copy.set([0xff, 0xff, 0xff, random.between(0, 255)].slice(0, copy.length - at), at);
      return copy;
    default:
      return joined(
        copy,
        Uint8Array.from({ length: 64 }, () => random.between(0, 255)),
      );
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
