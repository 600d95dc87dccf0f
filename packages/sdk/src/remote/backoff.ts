/** How long to let a server be. */
import type { Env } from "@perdure/engine";

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * Ms to wait after so many failures since the last success: twice as long each time, and half of it at
 * least by chance, so that a thousand clients do not come back at the same moment.
 */
export function backoffMs(
  failures: number,
  { firstMs, longestMs }: Backoff,
  env: Pick<Env, "random">,
): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures, 20));
  return full * (0.5 + env.random() / 2);
}
