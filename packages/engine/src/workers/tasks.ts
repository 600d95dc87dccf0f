/**
 * Attempts of remote steps on their way to workers and with them. Soft state: the journal knows
 * which attempts are open, and decides about every claim and every result (invariant 5).
 */
import {
  ChurnMap,
  PerdureError,
  runStream,
  work,
  type Payload,
  type Reply,
  type RequestId,
  type RunMessage,
  type RunId,
  type StepResult,
  type StepToken,
  type StreamId,
} from "@perdure/kernel";
import type { Mail } from "../commit/mail.ts";
import type { Caller, Requests } from "../commit/requests.ts";
import type { Stats } from "../core/stats.ts";
import type { Env } from "../env.ts";
import type { LiveRun } from "../streams/live.ts";
import type { Queued } from "./fair-queue.ts";
import type { Matcher } from "./matcher.ts";
import type { RegisteredWorker } from "./registered-worker.ts";

const RETRY_MS = 250;

/** One attempt, from its offer until its worker is done with it. */
export interface Offer extends Queued {
  readonly token: StepToken;
  readonly name: string;
  readonly queue: string;
  readonly task: string;
  readonly namespace: string;
  readonly workflow: string;
  phase: "waiting" | "claiming" | "running";
}

export interface TaskParts {
  readonly env: Env;
  readonly stats: Stats;
  readonly mail: Mail;
  readonly requests: Requests;
  readonly load: (stream: StreamId) => Promise<unknown>;
  /** The run's partition is being given away: nothing of it begins here any more. */
  readonly isLeaving: (stream: StreamId) => boolean;
  readonly matcher: () => Matcher;
  readonly emptied: (worker: RegisteredWorker) => void;
}

export class Tasks {
  readonly #parts: TaskParts;
  readonly #offers = new ChurnMap<string, Offer>();
  /** Who is claiming or running an attempt. */
  readonly #workerOf = new Map<Offer, RegisteredWorker>();

  constructor(parts: TaskParts) {
    this.#parts = parts;
  }

  /** An attempt may be taken, as far as the run knows. */
  offer(live: LiveRun, key: string, attempt: number): void {
    const step = live.run.operations.get(key);
    const { spec } = live.run;
    const token = { runId: live.runId, key, attempt };
    const name = nameOfAttempt(token);
    if (!spec || this.#offers.has(name) || step?.type !== "step" || !step.spec) return;
    if (step.phase !== "pending" || step.attempt !== attempt) return;
    if (this.#parts.isLeaving(live.stream)) return;
    const { queue, task, priority, fairnessKey } = step.spec;
    const offer: Offer = {
      token,
      name,
      queue,
      task,
      namespace: spec.namespace,
      workflow: spec.workflow,
      priority: priority ?? 0,
      fairnessKey: fairnessKey ?? "",
      isWithdrawn: false,
      phase: "waiting",
    };
    this.#offers.set(name, offer);
    this.#parts.matcher().offerTask(offer);
  }

  offerAll(live: LiveRun): void {
    for (const { key, attempt } of work(live.run).tasks) this.offer(live, key, attempt);
  }

  /** The run does not want the attempt any more. */
  withdraw(runId: RunId, key: string, attempt: number): void {
    const token = { runId, key, attempt };
    const name = nameOfAttempt(token);
    const offer = this.#offers.get(name);
    if (offer === undefined) return;
    if (offer.phase !== "waiting") {
      const worker = this.#workerOf.get(offer);
      if (offer.phase === "running") worker?.worker.cancelTask(token);
      return;
    }
    this.#offers.delete(name);
    this.#parts.matcher().withdrawTask(offer);
  }

  /** The partition's memory is void: what waits will be offered again by what is recovered. */
  drop(isHome: (stream: StreamId) => boolean): void {
    for (const [name, offer] of this.#offers) {
      if (offer.phase !== "waiting" || !isHome(runStream(offer.token.runId))) continue;
      this.#offers.delete(name);
      this.#parts.matcher().withdrawTask(offer);
    }
  }

  /** Is any attempt of these with a worker, or on its way to one? */
  isAnyBusy(isHome: (stream: StreamId) => boolean): boolean {
    for (const { token } of this.#workerOf.keys()) {
      if (isHome(runStream(token.runId))) return true;
    }
    return false;
  }

  /** Is the attempt with a worker that is there? */
  isRunning(token: StepToken): boolean {
    return this.#offers.get(nameOfAttempt(token))?.phase === "running";
  }

  get running(): number {
    return this.#workerOf.size;
  }

  /** Matched: asks the run whether the worker may have it. */
  assign(worker: RegisteredWorker, offer: Offer): void {
    const { token } = offer;
    offer.phase = "claiming";
    this.#workerOf.set(offer, worker);
    worker.take(offer);
    const caller: Caller = {
      answer: (reply) => this.#claimed(worker, offer, reply),
      fail: () => {
        this.#free(worker, offer);
        this.#parts.env.after(RETRY_MS, () => void this.#again(offer));
      },
    };
    const request = this.#parts.requests.open(caller);
    const { key, attempt } = token;
    const message = {
      type: "step.claim",
      key,
      attempt,
      worker: worker.worker.id,
      request,
    } as const;
    this.#parts.mail.post(runStream(token.runId), message);
  }

  beat(
    worker: RegisteredWorker,
    token: StepToken,
    details?: Payload,
  ): Promise<{ readonly cancelRequested: boolean }> {
    const { key, attempt } = token;
    const extra = details === undefined ? {} : { details };
    return this.#ask(worker, token, (request) => {
      return { type: "step.beat", key, attempt, request, ...extra };
    }).then((reply) => ({ cancelRequested: reply.type === "beat" && reply.cancelRequested }));
  }

  /** Tries again for as long as the store refuses: the outcome must not be lost with a batch. */
  async result(worker: RegisteredWorker, token: StepToken, result: StepResult): Promise<void> {
    const { key, attempt } = token;
    const offer = worker.tasks.get(nameOfAttempt(token));
    try {
      for (;;) {
        try {
          await this.#ask(worker, token, (request) => {
            return { type: "step.result", key, attempt, result, request };
          });
          return;
        } catch (error) {
          if (!(error instanceof PerdureError) || error.retry === "never") throw error;
          // Its run is another node's now, which takes the attempt for lost.
          if (error.code === "fenced") throw staleError(token);
          await new Promise<void>((resolve) => void this.#parts.env.after(RETRY_MS, resolve));
        }
      }
    } finally {
      if (offer) this.#free(worker, offer);
    }
  }

  /** The worker has lost this attempt, and goes on. */
  abandon(worker: RegisteredWorker, token: StepToken): void {
    const offer = worker.tasks.get(nameOfAttempt(token));
    if (offer?.phase === "running") this.#lost(worker, offer);
  }

  /** The worker is gone: nobody knows whether what it had has acted. */
  lost(worker: RegisteredWorker): void {
    for (const offer of worker.tasks.values()) {
      // A claim on its way finds the worker gone when it is answered.
      if (offer.phase !== "running") continue;
      this.#lost(worker, offer);
    }
  }

  #claimed(worker: RegisteredWorker, offer: Offer, reply: Reply): void {
    if (reply.type !== "claimed") return this.#free(worker, offer);
    if (worker.phase === "gone") return this.#lost(worker, offer);
    offer.phase = "running";
    this.#parts.stats.tasks++;
    const { token, namespace, workflow } = offer;
    const { type: _, attempt: __, ...claim } = reply;
    worker.worker.runTask({ token, namespace, workflow, ...claim });
  }

  #lost(worker: RegisteredWorker, offer: Offer): void {
    const { runId, key, attempt } = offer.token;
    this.#free(worker, offer);
    const message = { type: "step.lost", key, attempt, worker: worker.worker.id } as const;
    this.#parts.mail.post(runStream(runId), message);
  }

  async #ask(
    worker: RegisteredWorker,
    token: StepToken,
    message: (request: RequestId) => RunMessage,
  ): Promise<Reply> {
    const offer = worker.tasks.get(nameOfAttempt(token));
    if (offer?.phase !== "running" || worker.phase === "gone") throw staleError(token);
    return this.#parts.mail.askWithin(runStream(token.runId), message);
  }

  #free(worker: RegisteredWorker, offer: Offer): void {
    if (!worker.free(offer)) return;
    this.#offers.delete(offer.name);
    this.#workerOf.delete(offer);
    this.#parts.matcher().serve(worker);
    this.#parts.emptied(worker);
  }

  /** A claim was lost, with its batch or because its run could not be read: offered again. */
  async #again(offer: Offer): Promise<void> {
    const { runId, key, attempt } = offer.token;
    try {
      this.offer((await this.#parts.load(runStream(runId))) as LiveRun, key, attempt);
    } catch (error) {
      const isLater = error instanceof PerdureError && error.retry === "later";
      if (isLater) this.#parts.env.after(RETRY_MS, () => void this.#again(offer));
    }
  }
}

export function nameOfAttempt({ runId, key, attempt }: StepToken): string {
  return `${runId}/${attempt}/${key}`;
}

export function staleError({ key, attempt }: StepToken): PerdureError {
  return new PerdureError(
    "stale",
    `Attempt ${attempt} of ${key} is no longer this worker's: drop its result.`,
  );
}
