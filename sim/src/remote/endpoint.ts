/** The one push endpoint of a simulation, as it was put once. */
import type { EndpointRecord } from "@perdure/server/workers";
import { namespace } from "../programs/place.ts";
import type { Terms } from "../cluster/runtime.ts";

const id = "app";

export const endpointKey: string = `pdp_sim_${"5a".repeat(32)}`;

export function endpointOf(concurrency: number, { version }: Terms): EndpointRecord {
  return {
    id,
    namespace,
    url: "https://app.example/perdure",
    concurrency,
    key: endpointKey,
    createdAt: 0,
    ...(version === undefined ? {} : { version }),
  };
}

/** The engine's name of a worker says for which endpoint it calls. */
export function isOfEndpoint(worker: string): boolean {
  return worker.startsWith(`push-${id}-`);
}
