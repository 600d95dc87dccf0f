/** One attempt of a remote step, as one exchange that lasts as long as it does. */
import type { ClaimedTask, WorkerSession } from "@perdure/engine";
import type { StepResult } from "@perdure/kernel";
import { PushFailure } from "./failure.ts";
import type { PushWorkerParts } from "./push-worker.ts";

export class PushTask {
  readonly #parts: Pick<PushWorkerParts, "call" | "env">;
  readonly #session: WorkerSession;
  readonly #claimed: ClaimedTask;
  readonly #done: () => void;
  readonly #controller = new AbortController();
  #isCancelled = false;

  constructor(
    parts: Pick<PushWorkerParts, "call" | "env">,
    session: WorkerSession,
    claimed: ClaimedTask,
    done: () => void,
  ) {
    this.#parts = parts;
    this.#session = session;
    this.#claimed = claimed;
    this.#done = done;
  }

  async run(): Promise<void> {
    try {
      await this.#tell(await this.#result());
    } finally {
      this.#done();
    }
  }

  /** The run wants it no more: the app sees its request end, and aborts the task's signal. */
  cancel(): void {
    this.#isCancelled = true;
    this.#controller.abort();
  }

  giveUp(): void {
    this.#controller.abort();
  }

  /** Undefined: nobody knows whether it acted. */
  async #result(): Promise<StepResult | undefined> {
    const request = { type: "task", ...this.#claimed } as const;
    try {
      let result: StepResult | undefined;
      for await (const frame of this.#parts.call(request, this.#controller.signal)) {
        if (frame.type === "beat") this.#beat(frame.details);
        else if (frame.type === "result") ({ result } = frame);
      }
      return result;
    } catch (error) {
      if (this.#isCancelled) return { type: "cancelled" };
      const isKnown = error instanceof PushFailure && !error.mayHaveRun;
      this.#parts.env.log("warn", "a task's exchange failed", { error: String(error) });
      if (!isKnown) return undefined;
      return { type: "failed", failure: error.toFailure(), untouched: true };
    }
  }

  #beat(details: Parameters<WorkerSession["beat"]>[1]): void {
    this.#session.beat(this.#claimed.token, details).then(
      ({ cancelRequested }) => cancelRequested && this.cancel(),
      // Another attempt took over.
      () => this.giveUp(),
    );
  }

  async #tell(result: StepResult | undefined): Promise<void> {
    const { token } = this.#claimed;
    if (!result) return this.#session.abandon(token);
    try {
      await this.#session.result(token, result);
    } catch (error) {
      this.#parts.env.log("debug", "a task's outcome was not taken", { error: String(error) });
    }
  }
}
