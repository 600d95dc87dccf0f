/**
 * The engine's worker for one endpoint: every hold and every task becomes exchanges over HTTP.
 *
 * It owns the holds and the tasks in progress; the engine owns the leases. Nothing here outlives the
 * registration: when the endpoint changes, this worker drains and another one takes its place.
 */
import type {
  Activation,
  ClaimedTask,
  EngineClient,
  Env,
  Lease,
  UpdateRequest,
  Worker,
  WorkerSession,
} from "@perdure/engine";
import {
  PerdureError,
  type Payload,
  type RunEvent,
  type RunId,
  type StepToken,
} from "@perdure/kernel";
import type { PushFrame, PushRequest } from "@perdure/wire";
import { serverLimits } from "../../limits.ts";
import type { PushFailure } from "./failure.ts";
import { PushHold } from "./push-hold.ts";
import { PushTask } from "./push-task.ts";

export interface PushWorkerParts {
  readonly id: string;
  readonly env: Env;
  /** Reads the journals of runs that it gave to this worker. */
  readonly engine: Pick<EngineClient, "journal">;
  readonly call: (request: PushRequest, signal: AbortSignal) => AsyncGenerator<PushFrame>;
}

export class PushWorker implements Worker {
  readonly id: string;
  readonly #parts: PushWorkerParts;
  readonly #holds = new Map<RunId, PushHold>();
  readonly #tasks = new Map<string, PushTask>();
  #session: WorkerSession | undefined;

  constructor(parts: PushWorkerParts) {
    this.#parts = parts;
    this.id = parts.id;
  }

  /** The session that `register` gave for this worker. */
  connect(session: WorkerSession): void {
    this.#session = session;
  }

  get session(): WorkerSession | undefined {
    return this.#session;
  }

  activate(activation: Activation): void {
    const { runId, lease } = activation;
    this.#end(runId, gone());
    const { call } = this.#parts;
    const hold: PushHold = new PushHold(
      {
        exchange: call,
        journal: (id, through) => this.#journal(id, through),
        after: (id, seq) => this.#parts.engine.journal(id, seq + 1, serverLimits.pushPageEvents),
        pause: (ms) => new Promise((resolve) => void this.#parts.env.after(ms, resolve)),
        answer: (_, { answer }) => this.#session?.answer(runId, lease, answer),
        failed: (mine, failure) => this.#failed(mine, failure),
      },
      `${this.id}/${lease}`,
      activation,
    );
    this.#holds.set(runId, hold);
    hold.start();
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    this.#held(runId, lease)?.deliver(events);
  }

  evict(runId: RunId, lease: Lease): void {
    if (this.#held(runId, lease)) this.#end(runId, gone());
  }

  runTask(claimed: ClaimedTask): void {
    const session = this.#session;
    if (!session) return;
    const id = idOf(claimed.token);
    const task = new PushTask(this.#parts, session, claimed, () => this.#tasks.delete(id));
    this.#tasks.set(id, task);
    void task.run();
  }

  cancelTask(token: StepToken): void {
    this.#tasks.get(idOf(token))?.cancel();
  }

  async query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    return this.#asked(runId, lease).query(name, input);
  }

  async update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    await this.#asked(runId, lease).update(update);
  }

  /** Gives up whatever is in progress. */
  stop(): void {
    for (const runId of this.#holds.keys()) this.#end(runId, gone());
    for (const task of this.#tasks.values()) task.giveUp();
    this.#session?.close();
  }

  #failed(hold: PushHold, failure: PushFailure): void {
    const { runId, lease } = hold;
    if (this.#held(runId, lease) !== hold) return;
    const text = `${failure.message}; ask again`;
    this.#end(runId, new PerdureError("unavailable", text));
    const answer = { commands: [], failure: failure.toFailure() };
    this.#session?.answer(runId, lease, answer, !failure.mayHaveRun);
  }

  #end(runId: RunId, reason: PerdureError): void {
    const hold = this.#holds.get(runId);
    this.#holds.delete(runId);
    hold?.end(reason);
  }

  #held(runId: RunId, lease: Lease): PushHold | undefined {
    const hold = this.#holds.get(runId);
    return hold?.lease === lease ? hold : undefined;
  }

  #asked(runId: RunId, lease: Lease): PushHold {
    const hold = this.#held(runId, lease);
    if (hold) return hold;
    throw gone();
  }

  async #journal(runId: RunId, through: number): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    while (events.length < through) {
      const count = Math.min(serverLimits.pushPageEvents, through - events.length);
      const page = await this.#parts.engine.journal(runId, events.length + 1, count);
      if (page.length === 0) throw new PerdureError("not-found", "The run's journal has gone.");
      events.push(...page);
    }
    return events;
  }
}

function gone(): PerdureError {
  return new PerdureError("unavailable", "the run moved to another worker meanwhile; ask again");
}

function idOf({ runId, key, attempt }: StepToken): string {
  return `${runId}/${attempt}/${key}`;
}
