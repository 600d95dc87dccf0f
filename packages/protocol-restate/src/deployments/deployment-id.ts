/** `dp_1` and 128 bits in 22 digits of base 62, drawn at random. */
import type { Env } from "@perdure/engine";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHARS = 22;
const BYTES = 16;

export function newDeploymentId(env: Pick<Env, "random">): string {
  let value = 0n;
  for (let i = 0; i < BYTES; i++) value = (value << 8n) | BigInt(Math.floor(env.random() * 256));
  let text = "";
  for (let i = 0; i < CHARS; i++) {
    text = (DIGITS[Number(value % 62n)] ?? "") + text;
    value /= 62n;
  }
  return `dp_1${text}`;
}
