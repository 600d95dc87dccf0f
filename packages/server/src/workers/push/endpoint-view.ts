/** How an endpoint is shown: without its secrets, and with how it is where it is served. */
import type { WorkerView } from "@perdure/engine";
import { parseSigningKey } from "@perdure/wire";
import type { EndpointRecord } from "./endpoint.ts";
import type { LiveView } from "./live-endpoint.ts";

export interface EndpointView
  extends Omit<EndpointRecord, "key" | "nextKey" | "headers">, LiveView {
  /** The names alone: values may be secret. */
  readonly headerNames: readonly string[];
  /** Of the key that signs. */
  readonly kid: string;
  /** Of the one that takes over when the app knows it. */
  readonly nextKid?: string;
}

export const nothingKnown: LiveView = {
  circuit: { state: "closed", failures: 0 },
  isServing: false,
};

/** Of one that another server serves. */
export function viewElsewhere(id: string, workers: readonly WorkerView[]): LiveView {
  const worker = workers.find(
    ({ labels, phase }) =>
      labels["transport"] === "push" && labels["endpoint"] === id && phase === "open",
  );
  if (worker === undefined) return nothingKnown;
  const { labels, queues, version } = worker;
  const { circuit, sdk = "" } = labels;
  const state = circuit === "open" || circuit === "trying" ? circuit : "closed";
  const served = queues.map(({ name, workflows, tasks }) => ({ name, workflows, tasks }));
  const description = { sdk, queues: served, ...(version === undefined ? {} : { version }) };
  return { circuit: { state, failures: 0 }, isServing: true, description };
}

export function viewOf(
  { key, nextKey, headers = {}, ...record }: EndpointRecord,
  live: LiveView,
): EndpointView {
  return {
    ...record,
    ...live,
    headerNames: Object.keys(headers),
    kid: parseSigningKey(key).kid,
    ...(nextKey === undefined ? {} : { nextKid: parseSigningKey(nextKey).kid }),
  };
}
