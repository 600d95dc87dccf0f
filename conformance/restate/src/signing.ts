import type { KeyObject } from "node:crypto";

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** As Restate writes an Ed25519 key: its 32 bytes in base 58. */
export function publicKeyOf(key: KeyObject): string {
  const { x } = key.export({ format: "jwk" });
  return `publickeyv1_${base58(Buffer.from(x ?? "", "base64url"))}`;
}

function base58(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  while (rest > 0n) {
    text = `${alphabet[Number(rest % 58n)]}${text}`;
    rest /= 58n;
  }
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return "1".repeat(Math.max(zeros, 0)) + text;
}
