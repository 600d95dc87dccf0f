/**
 * The HTTP API's table: every operation by name, its method and its path. The server's routes, the
 * client and the OpenAPI document all stand on it.
 *
 * Only ids with a fixed alphabet (run ids, ids of API keys and push endpoints) are parts of a path.
 * Ids that people choose may hold any character, so they travel in the query or in the body.
 */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface ApiPath {
  readonly method: Method;
  /** `{name}` is a parameter, one segment long. */
  readonly path: string;
}

export const operations = {
  "runs.start": { method: "POST", path: "/v1/runs" },
  "runs.startMany": { method: "POST", path: "/v1/runs/many" },
  "runs.list": { method: "GET", path: "/v1/runs" },
  "runs.count": { method: "GET", path: "/v1/runs/count" },
  "runs.describe": { method: "GET", path: "/v1/runs/{runId}" },
  "runs.journal": { method: "GET", path: "/v1/runs/{runId}/journal" },
  /** Server-sent events; the event's id is the last seq in it. */
  "runs.watch": { method: "GET", path: "/v1/runs/{runId}/events" },
  "runs.outcome": { method: "GET", path: "/v1/runs/{runId}/outcome" },
  "runs.why": { method: "GET", path: "/v1/runs/{runId}/why" },
  "runs.signal": { method: "POST", path: "/v1/runs/{runId}/signals" },
  "runs.cancel": { method: "POST", path: "/v1/runs/{runId}/cancel" },
  "runs.terminate": { method: "POST", path: "/v1/runs/{runId}/terminate" },
  "runs.pause": { method: "POST", path: "/v1/runs/{runId}/pause" },
  "runs.resume": { method: "POST", path: "/v1/runs/{runId}/resume" },
  "runs.repin": { method: "POST", path: "/v1/runs/{runId}/repin" },
  "runs.purge": { method: "POST", path: "/v1/runs/{runId}/purge" },
  "runs.fork": { method: "POST", path: "/v1/runs/{runId}/fork" },
  "runs.query": { method: "POST", path: "/v1/runs/{runId}/queries" },
  "runs.update": { method: "POST", path: "/v1/runs/{runId}/updates" },

  /** The current run under a business key, `?kind=…&id=…`. */
  "keys.lookup": { method: "GET", path: "/v1/keys/lookup" },
  "keys.why": { method: "GET", path: "/v1/keys/why" },
  "keys.signal": { method: "POST", path: "/v1/keys/signals" },
  "keys.cancel": { method: "POST", path: "/v1/keys/cancel" },
  "keys.query": { method: "POST", path: "/v1/keys/queries" },
  "keys.update": { method: "POST", path: "/v1/keys/updates" },

  "events.publish": { method: "POST", path: "/v1/events" },
  "triggers.put": { method: "PUT", path: "/v1/triggers" },
  /** `?event=…&id=…` */
  "triggers.delete": { method: "DELETE", path: "/v1/triggers" },

  "schedules.list": { method: "GET", path: "/v1/schedules" },
  "schedules.put": { method: "PUT", path: "/v1/schedules" },
  /** `?id=…` */
  "schedules.delete": { method: "DELETE", path: "/v1/schedules" },
  "schedules.describe": { method: "GET", path: "/v1/schedules/describe" },
  "schedules.why": { method: "GET", path: "/v1/schedules/why" },
  "schedules.pause": { method: "POST", path: "/v1/schedules/pause" },
  "schedules.resume": { method: "POST", path: "/v1/schedules/resume" },
  "schedules.trigger": { method: "POST", path: "/v1/schedules/trigger" },
  "schedules.backfill": { method: "POST", path: "/v1/schedules/backfill" },

  "workers.list": { method: "GET", path: "/v1/workers" },
  "workers.versions": { method: "GET", path: "/v1/workers/versions" },
  /** Upgrades to a WebSocket. */
  "workers.stream": { method: "GET", path: "/v1/workers/stream" },
  "push.list": { method: "GET", path: "/v1/push-endpoints" },
  "push.put": { method: "PUT", path: "/v1/push-endpoints/{endpointId}" },
  "push.delete": { method: "DELETE", path: "/v1/push-endpoints/{endpointId}" },
  "push.rotate": { method: "POST", path: "/v1/push-endpoints/{endpointId}/rotate" },

  /** JSON lines, one run a line. */
  "transfer.export": { method: "GET", path: "/v1/export" },
  "transfer.import": { method: "POST", path: "/v1/import" },

  "apiKeys.list": { method: "GET", path: "/v1/api-keys" },
  "apiKeys.create": { method: "POST", path: "/v1/api-keys" },
  "apiKeys.rotate": { method: "POST", path: "/v1/api-keys/{keyId}/rotate" },
  "apiKeys.revoke": { method: "DELETE", path: "/v1/api-keys/{keyId}" },

  "cluster.nodes": { method: "GET", path: "/v1/nodes" },
  "cluster.partitions": { method: "GET", path: "/v1/partitions" },

  /** Upgrades to a WebSocket that carries calls of all the others, many at a time. */
  "server.calls": { method: "GET", path: "/v1/calls" },
  "server.whoami": { method: "GET", path: "/v1/whoami" },
  "server.doctor": { method: "GET", path: "/v1/doctor" },
  "server.audit": { method: "GET", path: "/v1/audit" },
} as const;

export type Operation = keyof typeof operations;

type ParamsOf<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamsOf<Rest>
  : never;

/** The parameters in an operation's path. */
export type PathParams<O extends Operation> = Readonly<
  Record<ParamsOf<(typeof operations)[O]["path"]>, string>
>;

/** The path with its parameters, each encoded as one segment. */
export function pathOf<O extends Operation>(operation: O, params: PathParams<O>): string {
  const values: Readonly<Record<string, string>> = params;
  const { path }: ApiPath = operations[operation];
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}
