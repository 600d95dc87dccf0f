/** Stands before a worker and counts what it has at a time. */
import type { ActivationAnswer, RunEvent, RunId, StepResult, StepToken } from "@perdure/kernel";
import type {
  Activation,
  ClaimedTask,
  Lease,
  UpdateRequest,
  Worker,
  WorkerHost,
  WorkerOptions,
  WorkerSession,
} from "../worker.ts";

const ends: ReadonlySet<string> = new Set([
  "run.complete",
  "run.fail",
  "run.cancel",
  "run.continue",
]);

export class Gauge implements WorkerHost {
  readonly #host: WorkerHost;
  readonly #runs = new Map<RunId, Lease>();
  readonly #tasks = new Map<string, string>();
  mostRuns = 0;
  mostTasks = 0;
  readonly mostOfQueue: Map<string, number> = new Map();
  /** When attempts came, in ms. */
  readonly starts: number[] = [];
  readonly #now: () => number;

  constructor(host: WorkerHost, now: () => number) {
    this.#host = host;
    this.#now = now;
  }

  register(worker: Worker, options: WorkerOptions): WorkerSession {
    const session = this.#host.register(this.#before(worker), options);
    return {
      ...session,
      answer: (runId: RunId, lease: Lease, answer: ActivationAnswer, isIdle?: boolean) => {
        // Its code is over: no slot is needed to hear that this is on disk.
        const isEnd = answer.commands.some(({ type }) => ends.has(type));
        if (isEnd && this.#runs.get(runId) === lease) this.#runs.delete(runId);
        session.answer(runId, lease, answer, isIdle);
      },
      result: (token: StepToken, result: StepResult) => {
        this.#tasks.delete(nameOf(token));
        return session.result(token, result);
      },
    };
  }

  #before(worker: Worker): Worker {
    return {
      id: worker.id,
      activate: (activation: Activation) => {
        const { runId, lease } = activation;
        if (this.#runs.has(runId)) throw new Error("a run came that it has already");
        this.#runs.set(runId, lease);
        this.mostRuns = Math.max(this.mostRuns, this.#runs.size);
        worker.activate(activation);
      },
      deliver: (runId: RunId, lease: Lease, events: readonly RunEvent[]) => {
        worker.deliver(runId, lease, events);
      },
      evict: (runId: RunId, lease: Lease) => {
        if (this.#runs.get(runId) === lease) this.#runs.delete(runId);
        worker.evict(runId, lease);
      },
      runTask: (task: ClaimedTask) => {
        const { queue } = task.spec;
        this.#tasks.set(nameOf(task.token), queue);
        this.starts.push(this.#now());
        const ofQueue = [...this.#tasks.values()].filter((one) => one === queue).length;
        this.mostTasks = Math.max(this.mostTasks, this.#tasks.size);
        this.mostOfQueue.set(queue, Math.max(this.mostOfQueue.get(queue) ?? 0, ofQueue));
        worker.runTask(task);
      },
      cancelTask: (token: StepToken) => worker.cancelTask(token),
      query: (runId, lease, name, input) => worker.query(runId, lease, name, input),
      update: (runId, lease, update: UpdateRequest) => worker.update(runId, lease, update),
    };
  }
}

function nameOf({ runId, key, attempt }: StepToken): string {
  return `${runId}/${attempt}/${key}`;
}
