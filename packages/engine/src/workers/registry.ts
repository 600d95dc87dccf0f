/**
 * The workers that are there, and their sessions.
 *
 * A worker with a lease time that gives no sign of life for so long is lost: its coroutines go to
 * other workers, and the runs of its attempts are told that nobody knows whether they acted.
 */
import { limits, PerdureError, type ActivationAnswer, type RunId } from "@perdure/kernel";
import type { Payload, StepResult, StepToken } from "@perdure/kernel";
import type { Mail } from "../commit/mail.ts";
import type { Env } from "../env.ts";
import type { Lease, Worker, WorkerHost, WorkerOptions, WorkerSession } from "../worker.ts";
import type { Leases } from "./leases.ts";
import { LostWorkers } from "./lost-workers.ts";
import type { Matcher } from "./matcher.ts";
import { RegisteredWorker } from "./registered-worker.ts";
import type { Tasks } from "./tasks.ts";
import { checkWorker } from "./worker-options.ts";

export interface RegistryParts {
  readonly env: Env;
  readonly mail: Mail;
  readonly matcher: Matcher;
  readonly leases: Leases;
  readonly tasks: Tasks;
}

/** `registered` is this node's view of it; `session` what its own node says for it. */
export interface Borrowed {
  readonly registered: RegisteredWorker;
  readonly session: WorkerSession;
}

export class Registry implements WorkerHost {
  readonly #parts: RegistryParts;
  readonly #workers = new Map<string, RegisteredWorker>();
  readonly #borrowed = new Set<RegisteredWorker>();
  readonly lost: LostWorkers;
  #isStopped = false;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.lost = new LostWorkers(parts.env);
  }

  /** Also those that other nodes lend. */
  get workers(): Iterable<RegisteredWorker> {
    return [...this.#workers.values(), ...this.#borrowed];
  }

  /** Registered here. */
  get own(): Iterable<RegisteredWorker> {
    return this.#workers.values();
  }

  get size(): number {
    return this.#workers.size;
  }

  register(worker: Worker, options: WorkerOptions): WorkerSession {
    if (this.#isStopped) throw new PerdureError("closed", "The engine is closed: open it again.");
    checkWorker(worker.id, options);
    const name = nameOf(worker.id, options);
    if (this.#workers.has(name)) {
      const text = `A worker "${worker.id}" is registered: close that one, or take another id.`;
      throw new PerdureError("already-exists", text);
    }
    if (this.#workers.size >= limits.workers) {
      const text = `${limits.workers} workers are registered: connect this one to another node.`;
      throw new PerdureError("overloaded", text);
    }
    const registered = new RegisteredWorker(worker, options, this.#parts.env.monotonic());
    this.#workers.set(name, registered);
    this.lost.forget(worker.id, options.namespace);
    this.#parts.matcher.add(registered);
    if (options.leaseMs > 0) this.#watch(registered);
    return this.#session(registered);
  }

  /**
   * Some slots of a worker that is registered at another node: its id is checked there. Undefined:
   * the engine is closed.
   */
  borrow(worker: Worker, options: WorkerOptions): Borrowed | undefined {
    if (this.#isStopped) return undefined;
    const registered = new RegisteredWorker(worker, options, this.#parts.env.monotonic(), true);
    this.#borrowed.add(registered);
    this.#parts.matcher.add(registered);
    return { registered, session: this.#session(registered) };
  }

  /** A worker has less than before; one that drains may have nothing left. */
  readonly emptied = (worker: RegisteredWorker): void => {
    worker.onFreed?.();
    if (worker.phase === "draining" && worker.isEmpty) this.#remove(worker);
  };

  async drain(worker: RegisteredWorker): Promise<void> {
    if (worker.phase === "gone") return;
    const done = new Promise<void>((resolve) => void worker.whenDrained.push(resolve));
    worker.phase = "draining";
    for (const hold of worker.parked.values()) this.#parts.leases.end(hold);
    worker.lent?.recall();
    this.emptied(worker);
    await done;
  }

  stop(): void {
    this.#isStopped = true;
    for (const worker of this.workers) {
      worker.lent?.end(true);
      for (const { runId, lease } of worker.holds.values()) worker.worker.evict(runId, lease);
      worker.phase = "gone";
      for (const resolve of worker.whenDrained.splice(0)) resolve();
    }
    this.#workers.clear();
    this.#borrowed.clear();
  }

  #session(worker: RegisteredWorker): WorkerSession {
    const alive = (): void => {
      worker.seenAt = this.#parts.env.monotonic();
    };
    return {
      alive,
      answer: (runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle = false): void => {
        alive();
        const hold = worker.holds.get(runId);
        if (hold?.lease !== lease) return worker.lent?.answer(runId, lease, answer, isIdle);
        hold.isIdle = isIdle;
        this.#parts.leases.answer(hold, answer);
      },
      beat: (token: StepToken, details?: Payload) => {
        alive();
        if (worker.lent?.has(token)) return worker.lent.beat(token, details);
        return this.#parts.tasks.beat(worker, token, details);
      },
      result: (token: StepToken, result: StepResult) => {
        alive();
        if (worker.lent?.has(token)) return worker.lent.result(token, result);
        return this.#parts.tasks.result(worker, token, result);
      },
      release: (runId: RunId, lease: Lease): void => {
        const hold = worker.holds.get(runId);
        if (hold?.lease === lease) this.#parts.leases.release(hold);
        else worker.lent?.release(runId, lease);
      },
      abandon: (token: StepToken): void => {
        if (worker.lent?.has(token)) worker.lent.abandon(token);
        else this.#parts.tasks.abandon(worker, token);
      },
      drain: () => this.drain(worker),
      close: (): void => this.#lose(worker),
    };
  }

  #watch(worker: RegisteredWorker): void {
    const { env } = this.#parts;
    const { leaseMs } = worker.options;
    const leftMs = worker.seenAt + leaseMs - env.monotonic();
    if (leftMs > 0) {
      env.after(leftMs, () => {
        if (worker.phase !== "gone") this.#watch(worker);
      });
      return;
    }
    env.log("warn", "a worker is lost", { worker: worker.worker.id, silentMs: leaseMs - leftMs });
    this.#lose(worker);
    worker.worker.closed?.();
  }

  #lose(worker: RegisteredWorker): void {
    if (worker.phase === "gone") return;
    // One that drained and has nothing more has said goodbye; who borrowed one has lost no worker.
    const isMissed = worker.phase === "open" || !worker.isEmpty;
    if (isMissed && !worker.isBorrowed) this.lost.add(worker);
    const holds = [...worker.holds.values()];
    worker.phase = "draining";
    for (const hold of holds) this.#parts.leases.end(hold);
    worker.phase = "gone";
    worker.lent?.end(false);
    this.#parts.tasks.lost(worker);
    this.#remove(worker);
  }

  #remove(worker: RegisteredWorker): void {
    worker.phase = "gone";
    this.#parts.matcher.remove(worker);
    this.#borrowed.delete(worker);
    const name = nameOf(worker.worker.id, worker.options);
    if (this.#workers.get(name) === worker) this.#workers.delete(name);
    for (const resolve of worker.whenDrained.splice(0)) resolve();
  }
}

/** An id is its worker's own within its namespace. */
function nameOf(id: string, { namespace }: WorkerOptions): string {
  return `${namespace.length}:${namespace}/${id}`;
}
