/**
 * The smallest worker that is one: `echo` ends with its input, `wait` ends with the payload of the
 * signal `go`. It answers the query `state` and takes every update.
 */
import type { Activation, Worker, WorkerHost, WorkerSession } from "@perdure/engine";
import { isWaking } from "@perdure/kernel";
import type { Command, Payload, RunEvent, RunId, RunSpec } from "@perdure/kernel";

interface Held {
  readonly lease: number;
  readonly spec: RunSpec;
  readonly events: RunEvent[];
  through: number;
}

export class TinyWorker implements Worker {
  readonly id = "tiny";
  readonly #runs = new Map<RunId, Held>();
  readonly #session: WorkerSession;

  constructor(host: WorkerHost, options: Partial<Parameters<WorkerHost["register"]>[1]> = {}) {
    this.#session = host.register(this, {
      namespace: "default",
      queues: [{ name: "main", workflows: ["echo", "wait"], tasks: [] }],
      taskSlots: 10,
      runSlots: 1_000,
      leaseMs: 0,
      ...options,
    });
  }

  activate({ runId, lease, spec, events, through }: Activation): void {
    this.#runs.set(runId, { lease, spec, events: [...events], through });
    setImmediate(() => this.#turn(runId));
  }

  deliver(runId: RunId, _lease: number, events: readonly RunEvent[]): void {
    this.#runs.get(runId)?.events.push(...events);
    setImmediate(() => this.#turn(runId));
  }

  evict(runId: RunId): void {
    this.#runs.delete(runId);
  }

  runTask(): void {}

  cancelTask(): void {}

  async query(_runId: RunId, _lease: number, _name: string, input: Payload): Promise<Payload> {
    return input;
  }

  async update(
    runId: RunId,
    lease: number,
    update: { readonly id: string; readonly name: string; readonly payload: Payload },
  ): Promise<void> {
    const { id, name, payload } = update;
    this.#session.answer(runId, lease, {
      commands: [
        { type: "update.accept", id, name, payload },
        { type: "update.complete", id, output: payload },
      ],
    });
  }

  #turn(runId: RunId): void {
    const held = this.#runs.get(runId);
    if (held === undefined) return;
    const commands = commandsOf(held);
    const waking = held.events.findLast(isWaking)?.seq ?? 0;
    if (commands.length === 0 && waking <= held.through) return;
    held.through = held.events.length;
    this.#session.answer(runId, held.lease, { commands, through: held.through });
  }
}

function commandsOf({ spec, events }: Held): Command[] {
  if (spec.workflow === "echo") return [{ type: "run.complete", output: spec.input }];
  if (events.some(({ kind }) => kind === "run.cancelRequested")) {
    return [{ type: "run.fail", failure: { code: "cancelled", message: "asked to" } }];
  }
  const resolved = events.find((event) => event.kind === "wait.resolved");
  if (resolved) {
    const signal = events.find((event) => event.kind === "signal.received");
    return [{ type: "run.complete", output: signal?.payload ?? spec.input }];
  }
  if (events.some(({ kind }) => kind === "wait.started")) return [];
  return [{ type: "wait.start", key: "go", ordinal: 1, on: { type: "signal", name: "go" } }];
}
