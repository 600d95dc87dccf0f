/**
 * Queries and updates: what callers ask of a run's code. Soft state, for a caller can ask again;
 * an update's acceptance and outcome are in the journal, so asking again with its id is safe.
 *
 * C1  A call goes to the run's holder; without one the run is activated, if only to replay it.
 * C2  A call whose holder is lost is sent to the next one. An update may so be sent twice; its id
 *     makes the second one nothing.
 * C3  An update is answered when its outcome is durable.
 * C4  Code may know results that its worker has told and that are on their way to disk. What it says
 *     to a call is passed on when all that was told before it is durable (invariant 1).
 */
import { PerdureError, type Payload, type RunEvent, type UpdateState } from "@perdure/kernel";
import { limits } from "@perdure/kernel";
import type { Env } from "../env.ts";
import type { LiveRun } from "../streams/live.ts";
import type { Hold } from "./hold.ts";

/** Waiting for a holder, or with one, or (an update) accepted and waiting for its outcome. */
export interface Call {
  readonly kind: "query" | "update";
  /** An update's id. */
  readonly id: string;
  readonly name: string;
  readonly input: Payload;
  readonly resolve: (output: Payload | undefined) => void;
  readonly reject: (error: Error) => void;
  cancelTimeout: () => void;
  sentTo: Hold | undefined;
  isAccepted: boolean;
}

export type CallRequest = Pick<Call, "kind" | "id" | "name" | "input">;

export interface CallParts {
  readonly env: Env;
  readonly timeoutMs: number;
  /** Resolves when all that workers have told of the run so far is durable. */
  readonly written: (live: LiveRun) => Promise<void>;
  /** The run may want a holder now, or none any more. */
  readonly touch: (live: LiveRun) => void;
}

export class Calls {
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  /** `isAccepted`: the update is in the journal already, only its outcome is waited for. */
  ask(live: LiveRun, request: CallRequest, isAccepted = false): Promise<Payload | undefined> {
    if (live.calls.length >= limits.runCalls) return Promise.reject(tooMany());
    return new Promise((resolve, reject) => {
      const call: Call = {
        ...request,
        resolve,
        reject,
        cancelTimeout: this.#parts.env.after(this.#parts.timeoutMs, () => {
          this.#end(live, call, late(call, this.#parts.timeoutMs));
        }),
        sentTo: undefined,
        isAccepted,
      };
      if (isAccepted) call.cancelTimeout();
      live.calls.push(call);
      if (live.hold?.isActive) this.send(live.hold);
      else this.#parts.touch(live);
    });
  }

  /** The holder has the journal: gives it the calls that wait. */
  send(hold: Hold): void {
    for (const call of hold.live.calls.slice()) {
      if (call.sentTo !== undefined || call.isAccepted) continue;
      call.sentTo = hold;
      void (call.kind === "query" ? this.#query(hold, call) : this.#update(hold, call));
    }
  }

  /** The hold has ended: what it had not answered goes to the next one. */
  takeBack(hold: Hold): void {
    for (const call of hold.live.calls) if (call.sentTo === hold) call.sentTo = undefined;
  }

  /** The code cannot be run, so it cannot answer either. */
  failAll(live: LiveRun, error: PerdureError): void {
    for (const call of live.calls.slice()) this.#end(live, call, error);
  }

  /** The engine stops. */
  stop(runs: Iterable<LiveRun>, error: PerdureError): void {
    for (const live of runs) {
      for (const call of live.calls.splice(0)) {
        call.cancelTimeout();
        call.reject(error);
      }
    }
  }

  /** These events are durable. */
  released(live: LiveRun, events: readonly RunEvent[]): void {
    if (live.calls.length === 0) return;
    for (const event of events) {
      if (event.kind === "update.accepted") this.#accepted(live, event.id);
      else if (event.kind === "update.completed") this.#completed(live, event.id, event);
    }
    if (live.run.outcome === undefined) return;
    for (const call of live.calls.slice()) {
      if (call.kind === "update") this.#end(live, call, closedError());
    }
  }

  async #query(hold: Hold, call: Call): Promise<void> {
    const { live, worker, runId, lease } = hold;
    let output: Payload | undefined;
    let failure: PerdureError | undefined;
    try {
      output = await worker.worker.query(runId, lease, call.name, call.input);
      await this.#parts.written(live);
    } catch (error) {
      failure = asError("query-failed", error);
    }
    if (call.sentTo === hold) this.#end(live, call, failure, output);
  }

  async #update(hold: Hold, call: Call): Promise<void> {
    const { live, worker, runId, lease } = hold;
    const { id, name, input } = call;
    try {
      await worker.worker.update(runId, lease, { id, name, payload: input });
    } catch (error) {
      const lost = await this.#parts.written(live).catch((reason: unknown) => reason);
      const failure = asError("update-rejected", lost ?? error);
      if (call.sentTo === hold) this.#end(live, call, failure);
    }
  }

  /** From here on the outcome may take as long as the handler does. */
  #accepted(live: LiveRun, id: string): void {
    for (const call of live.calls) {
      if (call.kind !== "update" || call.id !== id) continue;
      call.isAccepted = true;
      call.cancelTimeout();
    }
  }

  #completed(live: LiveRun, id: string, result: UpdateResult): void {
    for (const call of live.calls.slice()) {
      if (call.kind !== "update" || call.id !== id) continue;
      this.#end(live, call, failureOf(result), result.output);
    }
  }

  #end(live: LiveRun, call: Call, error: PerdureError | undefined, output?: Payload): void {
    const at = live.calls.indexOf(call);
    if (at === -1) return;
    live.calls.splice(at, 1);
    call.cancelTimeout();
    if (error === undefined) call.resolve(output);
    else call.reject(error);
    this.#parts.touch(live);
  }
}

type UpdateResult = Omit<Extract<UpdateState, { status: "done" }>, "status">;

/** An update's handler failed: the caller gets the failure's words. */
export function failureOf({ failure }: UpdateResult): PerdureError | undefined {
  if (failure === undefined) return undefined;
  return new PerdureError("update-rejected", failure.message, {
    detail: { code: failure.code, accepted: true },
  });
}

function asError(code: "query-failed" | "update-rejected", error: unknown): PerdureError {
  if (error instanceof PerdureError) return error;
  return new PerdureError(code, error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

function late({ kind, name }: Call, timeoutMs: number): PerdureError {
  return new PerdureError(
    "deadline-exceeded",
    `No worker answered the ${kind} "${name}" within ${timeoutMs} ms: check with \`perdure why\` ` +
      `that a worker serves the run's queue, then try again.`,
  );
}

function tooMany(): PerdureError {
  return new PerdureError(
    "overloaded",
    `${limits.runCalls} queries and updates wait for this run: try again when some are answered.`,
  );
}

export function closedError(): PerdureError {
  return new PerdureError(
    "already-closed",
    "The run closed before it answered: start a new one, or read its outcome.",
  );
}
