/** `dp_1` and 128 bits in 22 digits of base 62, drawn at random. */
import type { Env } from "@perdure/engine";
import { base62 } from "../ids/base62.ts";

const CHARS = 22;
const BYTES = 16;

export function newDeploymentId(env: Pick<Env, "random">): string {
  let value = 0n;
  for (let i = 0; i < BYTES; i++) value = (value << 8n) | BigInt(Math.floor(env.random() * 256));
  return `dp_1${base62(value, CHARS)}`;
}
