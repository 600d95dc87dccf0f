/** How a service misbehaves, on purpose and from a seed: the n-th call of a kind fails the same way. */
import { seeded } from "../random.ts";

export type Fault =
  | { readonly kind: "none" }
  /** 503, and nothing was done. */
  | { readonly kind: "unavailable" }
  /** 429 with Retry-After, and nothing was done. */
  | { readonly kind: "throttled"; readonly retryAfterSeconds: number }
  /** It is done, and the connection is cut before the answer. */
  | { readonly kind: "cut-after" }
  /** It is done, and the answer comes later than any client waits. */
  | { readonly kind: "hang-after" };

export interface Plan {
  readonly fault: Fault;
  readonly latencyMs: number;
}

export const HANG_MS = 4000;

export function planFor(seed: string, service: string, call: string, earlier: number): Plan {
  const random = seeded(seed, service, call, earlier);
  const latencyMs = random.int(15, 120);
  const roll = random.next();
  if (roll < 0.07) return { latencyMs, fault: { kind: "unavailable" } };
  if (roll < 0.11) return { latencyMs, fault: { kind: "throttled", retryAfterSeconds: 1 } };
  if (roll < 0.16) return { latencyMs, fault: { kind: "cut-after" } };
  if (roll < 0.2) return { latencyMs, fault: { kind: "hang-after" } };
  return { latencyMs, fault: { kind: "none" } };
}
