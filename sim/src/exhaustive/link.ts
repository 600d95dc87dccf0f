/**
 * A connection between a worker and a node: the worker port as messages.
 *
 * 1. Each end learns of a cut on its own; until then it may be reached by what the other end sent.
 * 2. When the worker's end learns of it, it takes back every run; when the node's end does, it
 *    closes the session. What arrives after that is nothing.
 */
import type { Lease, Worker, WorkerHost, WorkerOptions, WorkerSession } from "@perdure/engine";
import { PerdureError, type RunId } from "@perdure/kernel";
import type { LinkHooks } from "../cluster/worker-link.ts";
import type { Actor } from "./actor.ts";
import { Channel, Line } from "./channel.ts";

export interface LinkParts {
  readonly id: string;
  readonly worker: Actor;
  readonly node: Actor;
  /** The engine, once it is up. */
  readonly host: () => WorkerHost;
  readonly hooks: LinkHooks;
  /** The node has given the worker up. */
  readonly onHangUp: () => void;
}

export class Link implements WorkerHost {
  readonly id: string;
  readonly worker: Actor;
  readonly node: Actor;
  readonly toNode: Channel = new Channel();
  readonly toWorker: Channel = new Channel();
  /** It is cut, and this end will learn of it. */
  nodeWillHear = false;
  workerWillHear = false;
  readonly #parts: LinkParts;
  /** What the worker holds, as it knows. */
  readonly #held = new Map<RunId, Lease>();
  #worker: Worker | undefined;
  #session: WorkerSession | undefined;
  #line: Line | undefined;

  constructor(parts: LinkParts) {
    this.id = parts.id;
    this.worker = parts.worker;
    this.node = parts.node;
    this.#parts = parts;
  }

  get state(): string {
    const { id, toNode, toWorker, nodeWillHear, workerWillHear } = this;
    return `${id} ${toNode.state} ${toWorker.state} ${nodeWillHear} ${workerWillHear}`;
  }

  leaseOf(runId: string): Lease | undefined {
    return this.#held.get(runId as RunId);
  }

  cut(): void {
    this.nodeWillHear = true;
    this.workerWillHear = true;
  }

  nodeHears(): void {
    this.nodeWillHear = false;
    this.toNode.close();
    this.#session?.close();
  }

  workerHears(): void {
    this.workerWillHear = false;
    this.toWorker.close();
    for (const [runId, lease] of this.#held) this.#worker?.evict(runId, lease);
    this.#held.clear();
    this.#line?.end(new PerdureError("unavailable", "The connection is gone."));
  }

  register(worker: Worker, options: WorkerOptions): WorkerSession {
    this.#worker = worker;
    this.toNode.send("register", [this.id, options], () => {
      this.#session = this.#parts.host().register(this.#far(worker), options);
    });
    return this.#near();
  }

  /** The worker as its engine sees it. */
  #far(worker: Worker): Worker {
    const { hooks, onHangUp } = this.#parts;
    const { toWorker, toNode } = this;
    const line = new Line(toWorker, toNode);
    return {
      id: worker.id,
      closed: onHangUp,
      activate: (activation) => {
        const { runId, lease, events } = activation;
        hooks.onEvents(runId, events);
        const copy = { ...activation, events: [...events] };
        toWorker.send("activate", copy, () => {
          this.#held.set(runId, lease);
          worker.activate(copy);
        });
      },
      deliver: (runId, lease, events) => {
        hooks.onEvents(runId, events);
        const copy = [...events];
        toWorker.send("deliver", [runId, lease, copy], () => worker.deliver(runId, lease, copy));
      },
      evict: (runId, lease) => {
        toWorker.send("evict", [runId, lease], () => {
          if (this.#held.get(runId) === lease) this.#held.delete(runId);
          worker.evict(runId, lease);
        });
      },
      runTask: (task) => {
        hooks.onTask(task);
        toWorker.send("task", task, () => worker.runTask(task));
      },
      cancelTask: (token) => toWorker.send("cancel", token, () => worker.cancelTask(token)),
      query: (runId, lease, name, input) =>
        line.ask("query", [runId, lease, name, input], () =>
          worker.query(runId, lease, name, input),
        ),
      update: (runId, lease, update) =>
        line.ask("update", [runId, lease, update], () => worker.update(runId, lease, update)),
    };
  }

  /** The session as the worker sees it. */
  #near(): WorkerSession {
    const { toNode, toWorker } = this;
    const line = new Line(toNode, toWorker);
    this.#line = line;
    const tell = (what: string, content: unknown, action: (far: WorkerSession) => void): void => {
      toNode.send(what, content, () => action(this.#open()));
    };
    return {
      answer: (runId, lease, answer, isIdle) =>
        tell("answer", [runId, lease, answer, isIdle], (far) =>
          far.answer(runId, lease, answer, isIdle),
        ),
      beat: (token, details) =>
        line.ask("beat", [token, details], () => this.#open().beat(token, details)),
      result: (token, result) =>
        line.ask("result", [token, result], async () => {
          await this.#open().result(token, result);
          this.#parts.hooks.onSettled(token);
        }),
      release: (runId, lease) =>
        tell("release", [runId, lease], (far) => far.release(runId, lease)),
      abandon: (token) => tell("abandon", token, (far) => far.abandon(token)),
      // One that would follow at once travels with what is before it: that is a sign of life.
      alive: () => {
        if (toNode.first === undefined) tell("alive", undefined, (far) => far.alive());
      },
      drain: () => line.ask("drain", undefined, () => this.#open().drain()),
      close: () => tell("close", undefined, (far) => far.close()),
    };
  }

  #open(): WorkerSession {
    if (this.#session !== undefined) return this.#session;
    throw new PerdureError("internal", "a worker spoke before it was registered");
  }
}
