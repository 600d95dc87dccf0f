/** What the driver and the process of the service say to each other. */
import type { Latency } from "../../../src/latency.ts";

export type FromService =
  | { readonly kind: "serves"; readonly port: number }
  | { readonly kind: "waiting"; readonly call: string; readonly awakeable: string }
  | { readonly kind: "latency"; readonly latency: Latency | undefined };

/** Asks for the latencies since the last time. */
export const takeLatency = "take latency";
