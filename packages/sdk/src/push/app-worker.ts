/**
 * The app's side of HTTP push: one worker for the app's definitions, driven by exchanges.
 *
 * A1  A run's code is here at most once. A request that begins it ends what was here before it: the
 *     server has given that hold up.
 * A2  What the code says goes to the exchange of its hold; said after it, it is dropped.
 * A3  An exchange ends when its code is quiet and every question is answered. Nothing is then in
 *     progress, so that the process may be frozen or killed without anything being lost.
 * A4  Code that was kept goes on only from the very event at which it stood, under the same hold.
 */
import type { Env, Lease } from "@perdure/engine";
import { PerdureError, type ActivationAnswer, type RunId, type StepToken } from "@perdure/kernel";
import type { ExchangeRequest, PushAsk, PushFrame, TaskRequest } from "@perdure/wire";
import type { LogSink } from "../ctx/log.ts";
import { offGuard, type Guard } from "../guard/off-guard.ts";
import type { Tracer } from "../runtime/tracer.ts";
import type { Registry } from "../worker/registry.ts";
import { InProcessWorker, type WorkerLink } from "../worker/worker.ts";

/** Where frames of one exchange go. */
export interface Answering {
  send(frame: PushFrame): void;
  end(keeps: boolean): void;
  abort(): void;
}

export interface AppWorkerParts {
  readonly registry: Registry;
  readonly env: Env;
  readonly log: LogSink;
  readonly guard?: Guard | undefined;
  readonly tracer?: Tracer | undefined;
  /** Runs whose code is kept between exchanges. */
  readonly keepRuns: number;
}

/** A run's code in this process. */
interface Kept {
  readonly runId: RunId;
  readonly hold: string;
  readonly lease: Lease;
  /** The last event it was given. */
  seq: number;
  /** Absent between exchanges. */
  answering: Answering | undefined;
  isQuiet: boolean;
  isOver: boolean;
  openAsks: number;
}

export class AppWorker {
  readonly #parts: AppWorkerParts;
  readonly #worker: InProcessWorker;
  /** The one that rested longest first. */
  readonly #runs = new Map<RunId, Kept>();
  readonly #tasks = new Map<string, Answering>();
  #lastLease = 0;

  constructor(parts: AppWorkerParts) {
    this.#parts = parts;
    const { registry, env, log, guard = offGuard, tracer } = parts;
    this.#worker = new InProcessWorker({
      id: "push",
      registry,
      env,
      log,
      guard,
      tracer,
      quiet: (runId, lease) => {
        const kept = this.#find(runId, lease);
        if (!kept) return;
        kept.isQuiet = true;
        this.#check(kept);
      },
    });
    this.#worker.connect(this.#session());
  }

  get keptRuns(): number {
    return this.#runs.size;
  }

  exchange(request: ExchangeRequest, answering: Answering): void {
    const kept = request.begin ? this.#begin(request, answering) : this.#goOn(request, answering);
    if (!kept) {
      answering.send({ type: "unknown" });
      answering.end(false);
      return;
    }
    for (const ask of request.asks) void this.#ask(kept, ask);
    this.#check(kept);
  }

  task(request: TaskRequest, answering: Answering): void {
    const id = idOf(request.token);
    this.#tasks.get(id)?.abort();
    this.#tasks.set(id, answering);
    this.#worker.runTask(request);
  }

  /** Whoever asked has gone: what was in progress is told to stop. */
  exchangeGone(runId: RunId, answering: Answering): void {
    const kept = this.#runs.get(runId);
    if (kept?.answering === answering) this.#drop(kept);
  }

  taskGone(token: StepToken, answering: Answering): void {
    const id = idOf(token);
    if (this.#tasks.get(id) !== answering) return;
    this.#tasks.delete(id);
    this.#worker.cancelTask(token);
  }

  #begin(request: ExchangeRequest, answering: Answering): Kept | undefined {
    const { runId, hold, begin, events } = request;
    if (!begin) return undefined;
    const before = this.#runs.get(runId);
    if (before) this.#drop(before);
    const kept: Kept = {
      runId,
      hold,
      lease: ++this.#lastLease,
      seq: events.at(-1)?.seq ?? 0,
      answering,
      isQuiet: false,
      isOver: false,
      openAsks: request.asks.length,
    };
    this.#runs.set(runId, kept);
    this.#worker.activate({ runId, lease: kept.lease, ...begin, events });
    return kept;
  }

  #goOn(request: ExchangeRequest, answering: Answering): Kept | undefined {
    const { runId, hold, after, events } = request;
    const kept = this.#runs.get(runId);
    const isHere = kept?.hold === hold && kept.seq === after && !kept.answering;
    if (!kept || !isHere) return undefined;
    kept.answering = answering;
    kept.openAsks = request.asks.length;
    const last = events.at(-1);
    if (last) {
      kept.seq = last.seq;
      kept.isQuiet = false;
      this.#worker.deliver(runId, kept.lease, events);
    }
    return kept;
  }

  async #ask(kept: Kept, { kind, id, name, input }: PushAsk): Promise<void> {
    const { runId, lease } = kept;
    let frame: PushFrame;
    try {
      if (kind === "query") {
        const output = await this.#worker.query(runId, lease, name, input);
        frame = { type: "answered", id, output };
      } else {
        await this.#worker.update(runId, lease, { id, name, payload: input });
        frame = { type: "answered", id };
        // A turn follows, in which the fiber says that it has accepted the update.
        kept.isQuiet = false;
      }
    } catch (error) {
      frame = { type: "refused", id, ...refusal(kind, error) };
    }
    kept.answering?.send(frame);
    kept.openAsks--;
    this.#check(kept);
  }

  #check(kept: Kept): void {
    const { answering } = kept;
    if (!answering || !kept.isQuiet || kept.openAsks > 0) return;
    kept.answering = undefined;
    const keeps = !kept.isOver && this.#parts.keepRuns > 0;
    answering.end(keeps);
    if (!keeps) return this.#drop(kept);
    this.#runs.delete(kept.runId);
    this.#runs.set(kept.runId, kept);
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.#runs.size <= this.#parts.keepRuns) return;
    for (const kept of this.#runs.values()) {
      if (kept.answering) continue;
      this.#drop(kept);
      if (this.#runs.size <= this.#parts.keepRuns) return;
    }
  }

  #drop(kept: Kept): void {
    const { runId, lease, answering } = kept;
    kept.answering = undefined;
    if (this.#runs.get(runId) === kept) this.#runs.delete(runId);
    this.#worker.evict(runId, lease);
    answering?.abort();
  }

  #find(runId: RunId, lease: Lease): Kept | undefined {
    const kept = this.#runs.get(runId);
    return kept?.lease === lease ? kept : undefined;
  }

  #session(): WorkerLink {
    return {
      answer: (runId, lease, answer) => this.#answer(runId, lease, answer),
      beat: async (token, details) => {
        const answering = this.#tasks.get(idOf(token));
        if (!answering) throw new PerdureError("stale", "The attempt's exchange has ended.");
        answering.send({ type: "beat", ...(details === undefined ? {} : { details }) });
        return { cancelRequested: false };
      },
      result: async (token, result) => {
        const id = idOf(token);
        const answering = this.#tasks.get(id);
        this.#tasks.delete(id);
        answering?.send({ type: "result", result });
        answering?.end(false);
      },
    };
  }

  #answer(runId: RunId, lease: Lease, answer: ActivationAnswer): void {
    const kept = this.#find(runId, lease);
    if (!kept) return;
    kept.answering?.send({ type: "answer", answer });
    if (!endsCode(answer)) return;
    kept.isOver = true;
    if (!answer.failure) return;
    // Code that cannot be run has no turn in which to come to rest.
    kept.isQuiet = true;
    queueMicrotask(() => this.#check(kept));
  }
}

function endsCode({ commands, failure }: ActivationAnswer): boolean {
  const last = commands.at(-1)?.type;
  if (failure) return true;
  return (
    last === "run.complete" ||
    last === "run.fail" ||
    last === "run.cancel" ||
    last === "run.continue"
  );
}

function refusal(kind: PushAsk["kind"], error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  const code = kind === "query" ? ("query-failed" as const) : ("update-rejected" as const);
  const isAway = error instanceof PerdureError && error.code === "unavailable";
  return { code: isAway ? ("unavailable" as const) : code, message };
}

function idOf({ runId, key, attempt }: StepToken): string {
  return `${runId}/${attempt}/${key}`;
}
