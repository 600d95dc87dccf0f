/**
 * The worker in this process: it keeps the coroutines of the runs it holds and runs tasks.
 *
 * It owns one fiber per run and lease; the engine owns the leases. An answer is given under the
 * fiber's lease, so that one that comes too late changes nothing.
 */
import type {
  Activation,
  ClaimedTask,
  Env,
  Lease,
  UpdateRequest,
  Worker,
  WorkerSession,
} from "@perdure/engine";
import { ChurnMap, FailureCode, PerdureError } from "@perdure/kernel";
import type { Payload, RunEvent, RunId, StepToken } from "@perdure/kernel";
import type { LogSink } from "../ctx/log.ts";
import { offGuard, type Guard } from "../guard/off-guard.ts";
import { Fiber } from "../runtime/fiber.ts";
import type { Tracer } from "../runtime/tracer.ts";
import type { World } from "../runtime/world.ts";
import type { Registry } from "./registry.ts";
import { TaskRunner } from "./task-runner.ts";
import { Turns } from "./turns.ts";

/** What the worker says, in this process or over a wire. */
export type WorkerLink = Pick<WorkerSession, "answer" | "beat" | "result">;

export interface WorkerParts {
  readonly id: string;
  readonly registry: Registry;
  readonly env: Env;
  readonly log: LogSink;
  readonly guard?: Guard;
  readonly tracer?: Tracer | undefined;
  readonly stepFor?: World["stepFor"];
  readonly observer?: World["observer"];
  readonly recall?: World["recall"];
  /** The run's code does nothing more until it is given an event or asked something. */
  readonly quiet?: (runId: RunId, lease: Lease) => void;
}

/** `since`: ms since epoch. */
export interface LocalWork {
  readonly runId: RunId;
  readonly lease: Lease;
  readonly key: string;
  readonly since: number;
}

export class InProcessWorker implements Worker {
  readonly id: string;
  readonly #registry: Registry;
  readonly #world: World;
  readonly #fibers = new ChurnMap<RunId, Fiber>();
  readonly #tasks: TaskRunner;
  #session: WorkerLink | undefined;

  constructor(parts: WorkerParts) {
    const { id, registry, env, log, tracer, guard = offGuard } = parts;
    const { stepFor, observer, recall, quiet } = parts;
    this.id = id;
    this.#registry = registry;
    const turns = new Turns(env, guard.leave, (fiber) => {
      if (quiet && fiber.rest()) quiet(fiber.runId, fiber.lease);
    });
    // Workflow code calls these, and what they call is not workflow code.
    this.#world = {
      env,
      log: (level, message, fields) => guard.leave(() => log(level, message, fields)),
      tracer,
      enter: guard.enter,
      leave: guard.leave,
      wake: (fiber) => turns.wake(fiber),
      answer: ({ runId, lease }, answer) =>
        guard.leave(() => this.#session?.answer(runId, lease, answer)),
      stepFor: stepFor ?? ((_workflow, _name, fn) => fn),
      observer,
      recall,
    };
    this.#tasks = new TaskRunner({ registry, log, tracer, session: () => this.#session });
  }

  /** The session that `register` gave for this worker. */
  connect(session: WorkerLink): void {
    this.#session = session;
  }

  activate(activation: Activation): void {
    const { runId, lease, spec } = activation;
    this.#fibers.get(runId)?.drop();
    this.#fibers.delete(runId);
    const code = this.#registry.workflows.get(spec.workflow);
    if (!code) {
      const message = `this worker has no workflow "${spec.workflow}"; give it to open({ workflows })`;
      const failure = { code: FailureCode.notFound, message };
      this.#session?.answer(runId, lease, { commands: [], failure });
      return;
    }
    const fiber = new Fiber(activation, code, this.#world);
    this.#fibers.set(runId, fiber);
    this.#world.wake(fiber);
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    const fiber = this.#held(runId, lease);
    if (!fiber) return;
    fiber.deliver(events);
    this.#world.wake(fiber);
  }

  evict(runId: RunId, lease: Lease): void {
    const fiber = this.#held(runId, lease);
    if (!fiber) return;
    fiber.drop();
    this.#fibers.delete(runId);
  }

  doing(runId: RunId): { readonly key: string; readonly since: number } | undefined {
    return this.#fibers.get(runId)?.operations.inProgress;
  }

  /** Of every run whose code is in a local step: the one that has been running longest. */
  *localWork(): Generator<LocalWork> {
    for (const [runId, { lease, operations }] of this.#fibers) {
      const { inProgress } = operations;
      if (inProgress !== undefined) yield { runId, lease, ...inProgress };
    }
  }

  runTask(task: ClaimedTask): void {
    this.#tasks.run(task);
  }

  cancelTask(token: StepToken): void {
    this.#tasks.cancel(token);
  }

  async query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    return this.#asked(runId, lease).inbox.query(name, input);
  }

  async update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    await this.#asked(runId, lease).inbox.accept(update);
  }

  /** Tasks in progress. */
  get runningTasks(): number {
    return this.#tasks.running;
  }

  /** Stops everything at once. What was in progress is done again elsewhere. */
  stop(): void {
    for (const fiber of this.#fibers.values()) fiber.drop();
    this.#fibers.clear();
    this.#tasks.stop();
  }

  #held(runId: RunId, lease: Lease): Fiber | undefined {
    const fiber = this.#fibers.get(runId);
    return fiber?.lease === lease ? fiber : undefined;
  }

  #asked(runId: RunId, lease: Lease): Fiber {
    const fiber = this.#held(runId, lease);
    if (fiber) return fiber;
    throw new PerdureError("unavailable", "the run moved to another worker meanwhile; ask again");
  }
}
