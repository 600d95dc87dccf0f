/**
 * A worker and its engine in two processes: the worker port over a connection, as a stream would
 * carry it. The engine sees a `Worker`, the worker sees a `WorkerHost`.
 *
 * 1. When the worker's end learns of a cut, it takes back every run: their leases are over.
 * 2. When the engine's end learns of it, it closes the session; if it never does, the lease ends.
 * 3. A worker that was silent for longer than its lease is cut off: the engine has given it up, and
 *    nothing else would ever tell it.
 */
import type {
  Activation,
  ClaimedTask,
  Lease,
  UpdateRequest,
  Worker,
  WorkerHost,
  WorkerOptions,
  WorkerSession,
} from "@perdure/engine";
import { PerdureError } from "@perdure/kernel";
import type {
  ActivationAnswer,
  Payload,
  RunEvent,
  RunId,
  StepResult,
  StepToken,
} from "@perdure/kernel";
import type { Process } from "../world/process.ts";
import type { Connection } from "./connection.ts";
import { Rpc } from "./rpc.ts";

/** Sees what the engine hands out, at the moment it does. */
export interface LinkHooks {
  onEvents(runId: RunId, events: readonly RunEvent[]): void;
  onHold(activation: Activation): void;
  /** It has reached its worker. */
  onArrival(runId: RunId, lease: Lease): void;
  onHoldOver(runId: RunId, lease: Lease): void;
  onTask(task: ClaimedTask): void;
  onSettled(token: StepToken): void;
}

/** The worker as its engine sees it. */
class RemoteWorker implements Worker {
  readonly id: string;
  readonly #rpc: Rpc;
  readonly #worker: Worker;
  readonly #hooks: LinkHooks;
  readonly #hangUp: () => void;

  constructor(worker: Worker, rpc: Rpc, hooks: LinkHooks, hangUp: () => void) {
    this.id = worker.id;
    this.#worker = worker;
    this.#rpc = rpc;
    this.#hooks = hooks;
    this.#hangUp = hangUp;
  }

  /** The engine has given the worker up: it has to connect anew. */
  closed(): void {
    this.#hangUp();
  }

  activate(activation: Activation): void {
    const { runId, events } = activation;
    this.#hooks.onEvents(runId, events);
    this.#hooks.onHold(activation);
    const copy = { ...activation, events: [...events] };
    this.#rpc.tell(() => this.#worker.activate(copy));
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    this.#hooks.onEvents(runId, events);
    const copy = [...events];
    this.#rpc.tell(() => this.#worker.deliver(runId, lease, copy));
  }

  evict(runId: RunId, lease: Lease): void {
    this.#hooks.onHoldOver(runId, lease);
    this.#rpc.tell(() => this.#worker.evict(runId, lease));
  }

  runTask(task: ClaimedTask): void {
    this.#hooks.onTask(task);
    this.#rpc.tell(() => this.#worker.runTask(task));
  }

  cancelTask(token: StepToken): void {
    this.#rpc.tell(() => this.#worker.cancelTask(token));
  }

  query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    return this.#rpc.call(() => this.#worker.query(runId, lease, name, input));
  }

  update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    return this.#rpc.call(() => this.#worker.update(runId, lease, update));
  }
}

export interface LinkParts {
  readonly connection: Connection;
  readonly workerProcess: Process;
  readonly nodeProcess: Process;
  readonly host: WorkerHost;
  readonly hooks: LinkHooks;
  /** The engine's end may never learn of a cut. */
  readonly isDeaf: () => boolean;
  /** The worker's end has learned of it. */
  readonly onCut: () => void;
}

/** The engine as the worker sees it. One registration a link. */
export class WorkerLink implements WorkerHost {
  readonly #parts: LinkParts;

  constructor(parts: LinkParts) {
    this.#parts = parts;
  }

  register(worker: Worker, options: WorkerOptions): WorkerSession {
    const { connection, workerProcess, nodeProcess, host, hooks, isDeaf, onCut } = this.#parts;
    const toNode = new Rpc(connection, workerProcess, nodeProcess);
    const toWorker = new Rpc(connection, nodeProcess, workerProcess);
    const held = new HeldRuns(worker, hooks);
    let session: WorkerSession | undefined;
    connection.attach(
      {
        process: workerProcess,
        onCut: () => {
          toNode.end();
          held.evictAll();
          onCut();
        },
      },
      {
        process: nodeProcess,
        onCut: () => {
          toWorker.end();
          if (!isDeaf()) session?.close();
        },
      },
    );
    const ear = new Ear(nodeProcess, options.leaseMs, () => connection.cut());
    toNode.tell(() => {
      const hangUp = (): void => connection.cut();
      const remote = new RemoteWorker(held, toWorker, hooks, hangUp);
      try {
        session = host.register(remote, options);
      } catch (error) {
        // It is leaving, and takes nobody in any more.
        if (!(error instanceof PerdureError) || error.code !== "closed") throw error;
        session = refused;
        return hangUp();
      }
      ear.listen();
    });
    const heard = (): WorkerSession | undefined => {
      ear.hear();
      return session;
    };
    return sessionOver(toNode, heard, hooks);
  }
}

/** What a worker has that was not taken in: whatever it says is heard by nobody. */
const refused: WorkerSession = {
  answer: () => undefined,
  beat: () => Promise.reject(notTaken()),
  result: () => Promise.reject(notTaken()),
  release: () => undefined,
  abandon: () => undefined,
  alive: () => undefined,
  drain: () => Promise.resolve(),
  close: () => undefined,
};

function notTaken(): PerdureError {
  return new PerdureError("unavailable", "The engine is closed: connect to another node.");
}

/** Notices silence, a little later than the engine does. */
class Ear {
  readonly #process: Process;
  readonly #leaseMs: number;
  readonly #onSilence: () => void;
  #heardAt = 0;

  constructor(process: Process, leaseMs: number, onSilence: () => void) {
    this.#process = process;
    this.#leaseMs = leaseMs;
    this.#onSilence = onSilence;
  }

  hear(): void {
    this.#heardAt = this.#process.monotonic();
  }

  listen(): void {
    this.hear();
    const check = (): void => {
      if (this.#process.monotonic() - this.#heardAt > this.#leaseMs) this.#onSilence();
      else this.#process.after(this.#leaseMs / 4, check);
    };
    check();
  }
}

function sessionOver(
  rpc: Rpc,
  session: () => WorkerSession | undefined,
  hooks: LinkHooks,
): WorkerSession {
  const far = (): WorkerSession => {
    const open = session();
    if (open === undefined) throw new Error("a worker spoke before it was registered");
    return open;
  };
  return {
    answer: (runId: RunId, lease: Lease, answer: ActivationAnswer) => {
      rpc.tell(() => far().answer(runId, lease, answer));
    },
    beat: (token: StepToken, details?: Payload) => rpc.call(() => far().beat(token, details)),
    result: (token: StepToken, result: StepResult) =>
      rpc.call(async () => {
        await far().result(token, result);
        hooks.onSettled(token);
      }),
    release: (runId, lease) => rpc.tell(() => far().release(runId, lease)),
    abandon: (token) => rpc.tell(() => far().abandon(token)),
    alive: () => rpc.tell(() => far().alive()),
    drain: () => rpc.call(() => far().drain()),
    close: () => rpc.tell(() => far().close()),
  };
}

/** Knows which runs the worker holds, so that a cut can end their leases. */
class HeldRuns implements Worker {
  readonly id: string;
  readonly #worker: Worker;
  readonly #hooks: LinkHooks;
  readonly #held = new Map<RunId, Lease>();
  #isOver = false;

  constructor(worker: Worker, hooks: LinkHooks) {
    this.#worker = worker;
    this.#hooks = hooks;
    this.id = worker.id;
  }

  evictAll(): void {
    this.#isOver = true;
    for (const [runId, lease] of this.#held) this.#worker.evict(runId, lease);
    this.#held.clear();
  }

  activate(activation: Activation): void {
    if (this.#isOver) return;
    this.#held.set(activation.runId, activation.lease);
    this.#hooks.onArrival(activation.runId, activation.lease);
    this.#worker.activate(activation);
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    this.#worker.deliver(runId, lease, events);
  }

  evict(runId: RunId, lease: Lease): void {
    if (this.#held.get(runId) === lease) this.#held.delete(runId);
    this.#worker.evict(runId, lease);
  }

  runTask(task: ClaimedTask): void {
    this.#worker.runTask(task);
  }

  cancelTask(token: StepToken): void {
    this.#worker.cancelTask(token);
  }

  query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    return this.#worker.query(runId, lease, name, input);
  }

  update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    return this.#worker.update(runId, lease, update);
  }
}
