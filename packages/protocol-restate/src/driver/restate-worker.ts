/**
 * The engine's worker for one deployment: every hold becomes attempts over HTTP.
 *
 * It owns the holds; the engine owns the leases. Names that the deployment does not serve are never
 * given to it.
 */
import type { Activation, Lease, Worker, WorkerSession } from "@perdure/engine";
import {
  PerdureError,
  type Payload,
  type RunEvent,
  type RunId,
  type RunSpec,
} from "@perdure/kernel";
import type { Endpoint } from "./endpoint.ts";
import { answerTo, pauseForCode } from "./failure.ts";
import { Hold } from "./hold.ts";

export class RestateWorker implements Worker {
  readonly id: string;
  readonly #endpoint: Endpoint;
  readonly #holds = new Map<RunId, Hold>();
  #session: WorkerSession | undefined;

  constructor(id: string, endpoint: Endpoint) {
    this.id = id;
    this.#endpoint = endpoint;
  }

  /** The session that `register` gave for this worker. */
  connect(session: WorkerSession): void {
    this.#session = session;
  }

  foresee(runId: RunId, spec: RunSpec): void {
    if (this.#holds.has(runId) || this.#endpoint.suspended.has(runId)) return;
    const handler = this.#endpoint.handlerOf(spec.workflow);
    if (handler !== undefined) this.#endpoint.foresee(handler, spec);
  }

  activate(activation: Activation): void {
    const { runId, spec } = activation;
    this.#holds.get(runId)?.end();
    const handler = this.#endpoint.handlerOf(spec.workflow);
    if (handler === undefined) return this.#unknown(activation);
    const hold = new Hold(
      {
        endpoint: this.#endpoint,
        handler,
        session: () => this.#session,
        left: (mine) => {
          if (this.#holds.get(runId) === mine) this.#holds.delete(runId);
        },
      },
      activation,
    );
    this.#holds.set(runId, hold);
    hold.start();
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    this.#held(runId, lease)?.deliver(events);
  }

  evict(runId: RunId, lease: Lease): void {
    const hold = this.#held(runId, lease);
    if (hold === undefined) return;
    this.#holds.delete(runId);
    hold.end();
  }

  doing(runId: RunId): { readonly key: string; readonly since: number } | undefined {
    const closure = this.#holds.get(runId)?.closure();
    return closure && { key: closure.name, since: closure.since };
  }

  awaits(
    runId: RunId,
  ): { readonly signals: readonly string[]; readonly since: number } | undefined {
    return this.#holds.get(runId)?.awaits();
  }

  /** Never registered for. */
  runTask(): void {}

  cancelTask(): void {}

  query(): Promise<Payload> {
    const text =
      "An invocation of a Restate handler has no queries: read its state, or call a shared handler.";
    return Promise.reject(new PerdureError("query-failed", text));
  }

  update(): Promise<void> {
    const text =
      "An invocation of a Restate handler takes no updates: call a handler, or resolve an awakeable.";
    return Promise.reject(new PerdureError("update-rejected", text));
  }

  /** Finishes what it has, and takes nothing new. */
  async drain(): Promise<void> {
    await this.#session?.drain();
  }

  /** Gives up what it has. */
  stop(): void {
    for (const hold of this.#holds.values()) hold.end();
    this.#holds.clear();
    this.#session?.close();
  }

  #unknown({ runId, lease, spec, events }: Activation): void {
    const { id } = this.#endpoint.deployment;
    const text = `[RT0011] the deployment ${id} has no handler "${spec.workflow}"; move the invocation to one that has`;
    const failure = { code: "RT0011", message: text, isUntouched: true, next: pauseForCode };
    this.#session?.answer(runId, lease, answerTo(failure, never, events.length), true);
  }

  #held(runId: RunId, lease: Lease): Hold | undefined {
    const hold = this.#holds.get(runId);
    return hold?.lease === lease ? hold : undefined;
  }
}

/** Not asked for: the failure says itself what becomes of it. */
const never = {
  initialMs: 0,
  maxIntervalMs: 0,
  factor: 1,
  maxAttempts: 1,
  onMaxAttempts: "PAUSE",
} as const;
