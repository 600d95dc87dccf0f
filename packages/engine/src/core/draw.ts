import { hex32 } from "@perdure/kernel";
import type { Env } from "../env.ts";

/** So many times 32 random bits, as hexadecimal digits. */
export function drawHex(env: Pick<Env, "random">, words: number): string {
  let digits = "";
  for (let word = 0; word < words; word++) digits += hex32(Math.floor(env.random() * 2 ** 32));
  return digits;
}
