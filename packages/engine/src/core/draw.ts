import type { Env } from "../env.ts";

/** So many times 32 random bits, as hexadecimal digits. */
export function drawHex(env: Pick<Env, "random">, words: number): string {
  let digits = "";
  for (let word = 0; word < words; word++) {
    digits += Math.floor(env.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  }
  return digits;
}
