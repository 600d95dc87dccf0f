/** Remote steps in progress on this worker. */
import type { ClaimedTask } from "@perdure/engine";
import { FailureCode, PerdureError } from "@perdure/kernel";
import type { StepResult, StepToken } from "@perdure/kernel";
import { logOver, type LogSink } from "../ctx/log.ts";
import type { TaskCode, TaskContext } from "../define/task.ts";
import { CancelledError } from "../errors.ts";
import { failureOf } from "../failures.ts";
import { decode, encodePayload } from "../payload.ts";
import { validate } from "../schema.ts";
import { within, type Tracer } from "../runtime/tracer.ts";
import type { Registry } from "./registry.ts";
import type { WorkerLink } from "./worker.ts";

interface Parts {
  readonly registry: Registry;
  readonly log: LogSink;
  readonly tracer: Tracer | undefined;
  readonly session: () => WorkerLink | undefined;
}

export class TaskRunner {
  readonly #parts: Parts;
  readonly #running = new Map<string, AbortController>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get running(): number {
    return this.#running.size;
  }

  run(task: ClaimedTask): void {
    const controller = new AbortController();
    const id = idOf(task.token);
    this.#running.set(id, controller);
    void this.#outcome(task, controller)
      .then((result) => this.#parts.session()?.result(task.token, result))
      .catch((error: unknown) => {
        // The engine has given the attempt to somebody else, or is gone: it knows what to do.
        const message = `the outcome of task "${task.spec.task}" was not taken: ${String(error)}`;
        this.#parts.log("debug", message, { ...task.token });
      })
      .finally(() => this.#running.delete(id));
  }

  cancel(token: StepToken): void {
    this.#running.get(idOf(token))?.abort(new CancelledError("the step was cancelled"));
  }

  stop(): void {
    for (const controller of this.#running.values()) {
      controller.abort(new CancelledError("the worker shuts down"));
    }
  }

  async #outcome(task: ClaimedTask, controller: AbortController): Promise<StepResult> {
    const code = this.#parts.registry.tasks.get(task.spec.task);
    if (!code) {
      const message = `this worker has no task "${task.spec.task}"; give it to open({ tasks })`;
      return { type: "failed", failure: { code: FailureCode.notFound, message } };
    }
    const { token, spec, maybeRan, ...run } = task;
    const { runId, key, attempt } = token;
    const about = { kind: "task", name: spec.task, key, attempt, maybeRan } as const;
    const span = this.#parts.tracer?.attempt?.(about, { ...run, runId });
    try {
      const output = await within(span, () => this.#execute(code, task, controller));
      span?.end();
      return { type: "completed", output };
    } catch (error) {
      span?.end(error);
      const wasCancelled = controller.signal.aborted && isCancellation(error, controller.signal);
      return wasCancelled ? { type: "cancelled" } : { type: "failed", failure: failureOf(error) };
    }
  }

  async #execute(code: TaskCode, task: ClaimedTask, controller: AbortController) {
    const what = `task "${code.name}"`;
    const raw = decode(task.spec.input);
    const input = code.input ? validate(code.input, raw, `the input of ${what}`) : raw;
    const result = await code.run(input, this.#context(task, controller));
    const output = code.output ? validate(code.output, result, `the result of ${what}`) : result;
    return encodePayload(output, `the result of ${what}`);
  }

  #context(task: ClaimedTask, controller: AbortController): TaskContext {
    const { runId, key, attempt } = task.token;
    return {
      idempotencyKey: `${runId}:${key}`,
      attempt,
      maybeRan: task.maybeRan,
      lastHeartbeat: decode(task.heartbeatDetails),
      signal: controller.signal,
      log: logOver(this.#parts.log, { runId, task: task.spec.task, attempt }),
      heartbeat: (details) => this.#beat(task.token, controller, details),
    };
  }

  #beat(token: StepToken, controller: AbortController, details: unknown): void {
    const payload =
      details === undefined ? undefined : encodePayload(details, "the heartbeat's details");
    void this.#parts
      .session()
      ?.beat(token, payload)
      .then(
        ({ cancelRequested }) => cancelRequested && "the step was cancelled",
        (error: unknown) =>
          error instanceof PerdureError && error.code === "stale" && "another attempt took over",
      )
      .then((reason) => reason && controller.abort(new CancelledError(reason)));
  }
}

/** Code that was told to stop throws what it was told, or a `CancelledError` of its own. */
function isCancellation(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason || error instanceof CancelledError) return true;
  return error instanceof Error && error.name === "AbortError";
}

function idOf({ runId, key, attempt }: StepToken): string {
  return `${runId}/${key}/${attempt}`;
}
