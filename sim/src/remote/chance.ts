/** What must be unguessable in the world is drawn from the seed here. */
import type { Env } from "@perdure/engine";

export function bytesFrom(env: Pick<Env, "random">): (count: number) => Uint8Array<ArrayBuffer> {
  return (count) => filledFrom(env)(new Uint8Array(count));
}

export function filledFrom(
  env: Pick<Env, "random">,
): (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> {
  return (bytes) => bytes.map(() => Math.floor(env.random() * 256));
}
