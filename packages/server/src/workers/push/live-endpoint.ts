/**
 * One endpoint while the server runs: asks the app what it has code for, and keeps a worker of the
 * engine registered for that.
 *
 * E1  At most one worker takes new work at a time. When the app's description changes, the old worker
 *     drains: what it has, it finishes.
 * E2  The next key takes over once the app has answered under it, and not before.
 * E3  While the circuit is open no worker takes new work: it waits where it is, or other workers do
 *     it. What an app in trouble has, it keeps. It has work again when it has said what it has code for.
 */
import type { EngineClient, Env, WorkerHost } from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type { PushDescription, PushFrame, PushQueue, PushRequest } from "@perdure/wire";
import { serverLimits } from "../../limits.ts";
import type { PushCaller } from "./caller.ts";
import { Circuit, type CircuitView } from "./circuit.ts";
import { calleeOf, type EndpointRecord } from "./endpoint.ts";
import { PushFailure } from "./failure.ts";
import { PushWorker } from "./push-worker.ts";
import { Slots } from "./slots.ts";

/** Holds on runs, those that wait between exchanges included, for each exchange at a time. */
const HOLDS_PER_EXCHANGE = 16;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** As much of the engine as endpoints need. */
export type PushEngine = WorkerHost &
  Pick<EngineClient, "journal" | "setTrigger" | "putSchedule" | "workers">;

export interface LiveParts {
  readonly env: Env;
  readonly engine: PushEngine;
  readonly caller: PushCaller;
  /** Names this process among all that ever served the endpoint. */
  readonly boot: string;
  readonly save: (record: EndpointRecord) => Promise<void>;
}

export interface LiveView {
  readonly circuit: CircuitView;
  /** A worker takes work for it. */
  readonly isServing: boolean;
  readonly description?: Pick<PushDescription, "sdk" | "version" | "queues">;
  /** Why the app could not be asked what it has code for. */
  readonly describeError?: string;
}

export class LiveEndpoint {
  readonly #parts: LiveParts;
  readonly #circuit: Circuit;
  readonly #closing = new AbortController();
  #record: EndpointRecord;
  #slots: Slots;
  #description: PushDescription | undefined;
  #describeError: string | undefined;
  #isDescribing = false;
  /** Something has changed since the app was asked. */
  #isStale = false;
  #describeFailures = 0;
  #cancelNext: () => void = () => undefined;
  /** The one that takes work, and those that drain. */
  #worker: PushWorker | undefined;
  readonly #draining = new Set<PushWorker>();
  #registered = "";
  #workers = 0;

  constructor(parts: LiveParts, record: EndpointRecord) {
    this.#parts = parts;
    this.#record = record;
    this.#circuit = new Circuit(parts.env);
    this.#slots = new Slots(record.concurrency);
  }

  get record(): EndpointRecord {
    return this.#record;
  }

  view(): LiveView {
    const { sdk, version, queues } = this.#description ?? {};
    return {
      circuit: this.#circuit.view(),
      isServing: this.#worker !== undefined,
      ...(sdk === undefined || queues === undefined
        ? {}
        : { description: { sdk, queues, ...(version === undefined ? {} : { version }) } }),
      ...(this.#describeError === undefined ? {} : { describeError: this.#describeError }),
    };
  }

  /** The record has changed. */
  change(record: EndpointRecord): void {
    if (record.concurrency !== this.#record.concurrency)
      this.#slots = new Slots(record.concurrency);
    this.#record = record;
    this.describeSoon();
  }

  /** Asks the app now, if it is not being asked already. */
  describeSoon(): void {
    if (this.#closing.signal.aborted) return;
    this.#isStale = true;
    this.#cancelNext();
    void this.#describe();
  }

  /** Takes no new work; gives up after `graceMs` what has not ended by then. */
  async close(graceMs: number): Promise<void> {
    this.#closing.abort();
    this.#cancelNext();
    this.#retire();
    const workers = [...this.#draining];
    const drained = Promise.all(workers.map(async (worker) => worker.session?.drain()));
    let stop = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      stop = this.#parts.env.after(graceMs, resolve);
    });
    await Promise.race([drained, late]);
    stop();
    for (const worker of workers) worker.stop();
  }

  async #describe(): Promise<void> {
    if (this.#isDescribing) return;
    this.#isDescribing = true;
    this.#isStale = false;
    let waitMs: number = serverLimits.pushDescribeMs;
    try {
      await this.#accept(await this.#ask());
      this.#describeFailures = 0;
      this.#describeError = undefined;
    } catch (error) {
      this.#describeError = error instanceof Error ? error.message : String(error);
      waitMs = Math.min(FIRST_RETRY_MS * 2 ** this.#describeFailures++, LONGEST_RETRY_MS);
      this.#parts.env.log("warn", "a push endpoint could not be asked what it serves", {
        endpoint: this.#record.id,
        error: this.#describeError,
      });
    }
    this.#isDescribing = false;
    if (this.#closing.signal.aborted) return;
    if (this.#isStale) return void this.#describe();
    this.#describeIn(waitMs * (0.8 + 0.4 * this.#parts.env.random()));
  }

  #describeIn(ms: number): void {
    this.#cancelNext();
    this.#cancelNext = this.#parts.env.after(ms, () => void this.#describe());
  }

  async #ask(): Promise<PushDescription> {
    const { nextKey } = this.#record;
    if (nextKey === undefined) return this.#askUnder(this.#record.key);
    let description: PushDescription;
    try {
      description = await this.#askUnder(nextKey);
    } catch (error) {
      if (!(error instanceof PushFailure) || !error.isKeyRefused) throw error;
      return this.#askUnder(this.#record.key);
    }
    if (this.#record.nextKey === nextKey) {
      const { nextKey: _, ...record } = { ...this.#record, key: nextKey };
      this.#record = record;
      await this.#parts.save(record);
    }
    return description;
  }

  async #askUnder(key: string): Promise<PushDescription> {
    const callee = calleeOf(this.#record, key, false);
    const { signal } = this.#closing;
    for await (const frame of this.#parts.caller.call(callee, { type: "describe" }, signal)) {
      if (frame.type === "described") return frame.description;
    }
    throw new PushFailure("The app answered without saying what it has code for", {
      mayHaveRun: false,
    });
  }

  async #accept(description: PushDescription): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#description = description;
    const { concurrency, version = description.version } = this.#record;
    const queues = this.#queues(description);
    const { versioning } = description;
    const wanted = JSON.stringify([queues, concurrency, version, versioning, description.sdk]);
    // A worker of the same description that was lost meanwhile is not there any more.
    const isKnown = wanted === this.#registered;
    if (isKnown && this.#worker) return;
    if (!isKnown) await this.#publish(description);
    this.#retire();
    if (queues.length === 0) {
      throw new PerdureError("invalid-argument", "The app has no code for the endpoint's queues.");
    }
    this.#register(queues, description, version);
    this.#registered = wanted;
    this.#circuit.answered();
  }

  #queues({ queues }: PushDescription): readonly PushQueue[] {
    const { queues: only } = this.#record;
    return only === undefined ? queues : queues.filter(({ name }) => only.includes(name));
  }

  async #publish({ triggers, schedules }: PushDescription): Promise<void> {
    const { namespace } = this.#record;
    const { engine } = this.#parts;
    for (const { event, trigger } of triggers) await engine.setTrigger(namespace, event, trigger);
    for (const schedule of schedules) await engine.putSchedule({ ...schedule, namespace });
  }

  #register(
    queues: readonly PushQueue[],
    { sdk, versioning }: PushDescription,
    version: string | undefined,
  ): void {
    const { id, namespace, url, concurrency } = this.#record;
    const { env, engine, boot } = this.#parts;
    const circuit = this.#circuit;
    const worker = new PushWorker({
      id: `push-${id}-${boot}-${++this.#workers}`,
      env,
      engine,
      call: (request, signal) => this.#call(request, signal),
    });
    const session = engine.register(worker, {
      namespace,
      queues,
      taskSlots: concurrency,
      runSlots: concurrency * HOLDS_PER_EXCHANGE,
      // It lives and dies with this process.
      leaseMs: 0,
      ...(version === undefined ? {} : { version }),
      ...(versioning === undefined ? {} : { versioning }),
      labels: {
        transport: "push",
        endpoint: id,
        url: new URL(url).host,
        sdk,
        // Read whenever workers are listed.
        get circuit() {
          return circuit.view().state;
        },
      },
    });
    worker.connect(session);
    this.#worker = worker;
  }

  #retire(): void {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    this.#draining.add(worker);
    void worker.session?.drain().then(() => this.#draining.delete(worker));
  }

  async *#call(request: PushRequest, signal: AbortSignal): AsyncGenerator<PushFrame> {
    const slots = this.#slots;
    if (!(await slots.take(signal))) throw new PushFailure("given up", { mayHaveRun: false });
    try {
      this.#circuit.enter();
      const isBuffered = this.#description?.isBuffered ?? false;
      const callee = calleeOf(this.#record, this.#record.key, isBuffered);
      for await (const frame of this.#parts.caller.call(callee, request, signal)) {
        this.#circuit.succeeded();
        yield frame;
      }
    } catch (error) {
      this.#failed(error, signal);
      throw error;
    } finally {
      slots.give();
    }
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted || !(error instanceof PushFailure)) return this.#circuit.left();
    if (error.isSpared) return;
    this.#circuit.failed(error.message);
    if (this.#circuit.isOpen) this.#rest();
    if (error.isKeyRefused) this.describeSoon();
  }

  /** E3. */
  #rest(): void {
    if (this.#worker === undefined || this.#closing.signal.aborted) return;
    this.#retire();
    this.#describeIn(this.#circuit.waitMs);
  }
}
