/**
 * Prometheus metrics. Labels have few values that are known beforehand: operations, statuses, codes.
 * No namespace, id or name of a tenant is ever a label (trap T9), so that a scrape tells nothing of
 * who runs what, and cannot be made to grow by calling things names.
 */
import type { ClusterStanding, EngineStats, Env } from "@perdure/engine";
import { Gauge, Histogram, Registry, Counter } from "prom-client";
import type { TracingView } from "./tracing.ts";
import type { Finished } from "../http/finished.ts";

export interface MetricsParts {
  readonly env: Env;
  readonly stats: () => EngineStats;
  readonly connections: () => number;
  readonly auditLost: () => number;
  readonly spans: () => TracingView;
}

const counters = [
  ["batches", "Batches decided"],
  ["commits", "Commits handed to the store"],
  ["events", "Events written"],
  ["bytes", "Bytes of events written"],
  ["messages", "Messages handled"],
  ["failedCommits", "Commits that the store refused"],
  ["unknownCommits", "Commits whose fate was unknown for a while"],
  ["loads", "Streams read from the store"],
  ["settled", "Streams settled"],
  ["activations", "Activations handed to workers"],
  ["tasks", "Attempts of remote steps handed to workers"],
] as const satisfies readonly (readonly [keyof EngineStats, string])[];

const gauges = [
  ["partitionsOpen", "Partitions that this node has"],
  ["queued", "Messages that wait to be decided"],
  ["commitsInFlight", "Commits on their way to disk"],
  ["liveStreams", "Streams in memory"],
  ["alarms", "Alarms in memory"],
  ["requests", "Callers that wait for a commit"],
  ["workers", "Workers that are registered"],
  ["holds", "Runs whose code a worker holds"],
  ["runsWaiting", "Runs that wait for a worker"],
  ["tasksWaiting", "Remote steps that wait for a worker"],
  ["tasksRunning", "Remote steps that a worker runs"],
] as const satisfies readonly (readonly [keyof EngineStats, string])[];

/** Of a node among others; an engine that is alone has none of them. */
const ofNode: readonly (readonly [string, string, (node: ClusterStanding) => number])[] = [
  ["nodes_alive", "Nodes that live, this one included", ({ nodes }) => nodes],
  ["peers_connected", "Other nodes that this one can talk to", ({ peers }) => peers],
  [
    "beat_age_seconds",
    "Since the store took the last sign of life",
    ({ beatAgeMs }) => beatAgeMs / 1000,
  ],
  ["within_lease", "1: others may count on it", ({ isWithinLease }) => (isWithinLease ? 1 : 0)],
  [
    "partitions_reached",
    "Partitions that are here or at a node that it can talk to",
    ({ partitionsReached }) => partitionsReached,
  ],
];

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];
const LAG_EVERY_MS = 500;

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<"operation" | "status">;
  readonly #parts: MetricsParts;
  readonly #stopLag: () => void;
  #lagMs = 0;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    const registers = [this.#registry];
    this.#requests = new Histogram({
      name: "perdure_http_request_duration_seconds",
      help: "From a request's header to its answer's, by operation and status",
      labelNames: ["operation", "status"],
      buckets: SECONDS,
      registers,
    });
    this.#engine();
    this.#stopLag = this.#watchLag();
  }

  observe({ operation, status, durationMs }: Finished): void {
    this.#requests.observe({ operation: operation ?? "none", status }, durationMs / 1000);
  }

  async answer(): Promise<Response> {
    const text = await this.#registry.metrics();
    return new Response(text, { headers: { "content-type": this.#registry.contentType } });
  }

  get lagMs(): number {
    return this.#lagMs;
  }

  close(): void {
    this.#stopLag();
    this.#registry.clear();
  }

  #engine(): void {
    const { stats, connections, auditLost, spans } = this.#parts;
    for (const [field, help] of counters) {
      this.#counter(`perdure_${snake(field)}_total`, help, () => stats()[field]);
    }
    for (const [field, help] of gauges) {
      this.#gauge(`perdure_${snake(field)}`, help, () => stats()[field]);
    }
    if (stats().node !== undefined) this.#node();
    const seconds = (ms: number): number => ms / 1000;
    this.#counter("perdure_commit_seconds_total", "Time in commits", () =>
      seconds(stats().commitMs),
    );
    const longest = "The longest commit since the start";
    this.#gauge("perdure_commit_longest_seconds", longest, () => seconds(stats().longestCommitMs));
    this.#gauge("perdure_engine_running", "1: the engine runs", () => {
      return stats().phase === "running" ? 1 : 0;
    });
    const lag = "How late the event loop is";
    this.#gauge("perdure_event_loop_lag_seconds", lag, () => seconds(this.#lagMs));
    this.#gauge("perdure_http_connections", "Connections that are open", connections);
    this.#gauge("perdure_audit_lost_lines", "Audit lines that could not be written", auditLost);
    const exported = "Spans that the collector took";
    this.#counter("perdure_spans_exported_total", exported, () => spans().exported);
    const lost = "Spans that did not reach the collector";
    this.#counter("perdure_spans_lost_total", lost, () => spans().lost);
    this.#gauge("perdure_resident_memory_bytes", "Memory of the process", () => {
      return process.memoryUsage.rss();
    });
  }

  #node(): void {
    for (const [name, help, read] of ofNode) {
      this.#gauge(`perdure_node_${name}`, help, () => {
        const { node } = this.#parts.stats();
        return node === undefined ? 0 : read(node);
      });
    }
  }

  #gauge(name: string, help: string, read: () => number): void {
    this.#registry.registerMetric(
      new Gauge({
        name,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  }

  #counter(name: string, help: string, read: () => number): void {
    this.#registry.registerMetric(
      new Counter({
        name,
        help,
        registers: [],
        collect() {
          this.reset();
          this.inc(read());
        },
      }),
    );
  }

  #watchLag(): () => void {
    const { env } = this.#parts;
    let stop = (): void => undefined;
    const next = (): void => {
      const due = env.monotonic() + LAG_EVERY_MS;
      stop = env.after(LAG_EVERY_MS, () => {
        this.#lagMs = Math.max(0, env.monotonic() - due);
        next();
      });
    };
    next();
    return () => stop();
  }
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
