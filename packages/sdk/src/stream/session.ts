/**
 * A session with a server, as the worker in this process sees it: messages become calls, and what
 * the worker says becomes messages.
 *
 * S1  It outlives its connections. When it is over, its fibers are dropped; what they had done is
 *     kept (`KeptOutcomes`).
 * S2  A journal comes in pages and is handed over whole; what follows it comes after its last page.
 */
import type { Activation, ClaimedTask, Env, Lease } from "@perdure/engine";
import { FailureCode, limits, PerdureError } from "@perdure/kernel";
import type {
  ActivationAnswer,
  Payload,
  RunEvent,
  RunId,
  StepResult,
  StepToken,
} from "@perdure/kernel";
import {
  Channel,
  encodeWorkerMessage,
  pagesOf,
  wireLimits,
  type Frame,
  type Pipe,
  type ServerMessage,
  type WireError,
  type WorkerMessage,
} from "@perdure/wire";
import type { LogSink } from "../ctx/log.ts";
import type { InProcessWorker, WorkerLink } from "../worker/worker.ts";
import type { KeptOutcomes } from "./kept-outcomes.ts";
import { StepNews } from "./step-news.ts";

export interface SessionParts {
  readonly env: Env;
  readonly log: LogSink;
  readonly worker: InProcessWorker;
  readonly kept: KeptOutcomes;
  /** It cannot go on: its worker registers anew. */
  readonly over: (reason: string) => void;
  readonly limits?: { readonly backlogBytes: number; readonly backlogMessages: number };
}

interface Call {
  readonly resolve: (done: { readonly cancelRequested: boolean }) => void;
  readonly reject: (error: PerdureError) => void;
}

interface Journal {
  readonly head: Omit<Activation, "events">;
  readonly events: RunEvent[];
}

export class StreamSession implements WorkerLink {
  readonly #parts: SessionParts;
  readonly #channel: Channel<ServerMessage>;
  readonly #news: StepNews;
  readonly #journals = new Map<RunId, Journal>();
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  #isOver = false;
  readonly #drained: (() => void)[] = [];

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { env, limits: bounds } = parts;
    this.#channel = new Channel<ServerMessage>({
      world: env,
      take: (message) => this.#take(message),
      overfull: () => parts.over("the server does not take what it is sent"),
      ...(bounds === undefined ? {} : { limits: bounds }),
    });
    this.#news = new StepNews({
      env,
      work: () => parts.worker.localWork(),
      tell: (news) => this.#send(news),
    });
    parts.worker.connect(this);
  }

  get received(): number {
    return this.#channel.received;
  }

  attach(pipe: Pipe, received: number, window: number): void {
    this.#channel.attach(pipe, received, window);
  }

  detach(): void {
    this.#channel.detach();
  }

  receive(frame: Frame<ServerMessage>, bytes: number): void {
    if (!this.#isOver) this.#channel.receive(frame, bytes);
  }

  signOfLife(): void {
    this.#channel.beat();
  }

  /** Drops everything: the leases have ended, or are about to. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#news.stop();
    this.#channel.detach();
    this.#parts.worker.stop();
    for (const { reject } of this.#calls.values()) reject(lost());
    this.#calls.clear();
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  answer(runId: RunId, lease: Lease, answer: ActivationAnswer): void {
    if (this.#isOver) return;
    const { commands, through, failure } = answer;
    this.#parts.kept.told(runId, commands);
    const pages = pagesOf(commands, wireLimits.answerCommands);
    for (const [i, page] of pages.entries()) {
      const isLast = i === pages.length - 1;
      const end = {
        ...(through === undefined ? {} : { through }),
        ...(failure === undefined ? {} : { failure }),
      };
      const message = { type: "answer", runId, lease, commands: page } as const;
      if (!this.#sendAnswer(isLast ? { ...message, ...end } : message)) return;
    }
  }

  async beat(token: StepToken, details?: Payload): Promise<{ readonly cancelRequested: boolean }> {
    const { runId, key, attempt } = token;
    return this.#ask((call) => {
      const beat = { type: "beat", runId, key, attempt, call } as const;
      return details === undefined ? beat : { ...beat, details };
    });
  }

  async result(token: StepToken, result: StepResult): Promise<void> {
    const { kept } = this.#parts;
    const { runId, key, attempt } = token;
    // Told to stop because the session ended, it has not failed: it is done again elsewhere.
    if (result.type === "completed" || !this.#isOver) kept.ended(token, result);
    try {
      const message = { type: "result", runId, key, attempt } as const;
      await this.#ask((call) => ({ ...message, call, result: fitting(message, result) }));
      kept.settled(token);
    } catch (error) {
      // A word from the server: it does not want this result.
      if (error instanceof PerdureError && error.retry === "never") kept.settled(token);
      throw error;
    }
  }

  /** Resolves when nothing is held any more. */
  drain(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    if (this.#drained.length === 0) this.#send({ type: "drain" });
    return new Promise((resolve) => void this.#drained.push(resolve));
  }

  #ask(message: (call: number) => WorkerMessage): Promise<{ readonly cancelRequested: boolean }> {
    if (this.#isOver) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      // Encoded first: what fits into no frame is not waited for.
      this.#send(message(call));
      this.#calls.set(call, { resolve, reject });
    });
  }

  #send(message: WorkerMessage): void {
    if (!this.#isOver) this.#channel.send(encodeWorkerMessage(message));
  }

  /** False: it fits into no frame, and the run was told so. */
  #sendAnswer(message: Extract<WorkerMessage, { type: "answer" }>): boolean {
    try {
      this.#send(message);
      return true;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const { type, runId, lease } = message;
      const failure = { code: FailureCode.limitExceeded, message: text };
      this.#parts.log("error", text, { runId });
      this.#send({ type, runId, lease, commands: [], failure });
      return false;
    }
  }

  #take(message: ServerMessage): void {
    if (this.#isOver) return;
    const { worker, kept, log } = this.#parts;
    switch (message.type) {
      case "activate": {
        const { events, isLast, ...head } = message;
        this.#journals.set(head.runId, { head, events: [] });
        return this.#page(head.runId, head.lease, events, isLast);
      }
      case "page":
        return this.#page(message.runId, message.lease, message.events, message.isLast);
      case "deliver":
        kept.recorded(message.runId, message.events);
        return worker.deliver(message.runId, message.lease, message.events);
      case "evict":
        this.#journals.delete(message.runId);
        return worker.evict(message.runId, message.lease);
      case "task":
        return this.#task(message);
      case "cancelTask":
        return worker.cancelTask(tokenOf(message));
      case "query":
      case "update":
        return void this.#called(message);
      case "done":
        return this.#callOf(message.call)?.resolve(message);
      case "failed":
        return this.#callOf(message.call)?.reject(errorOf(message.error));
      case "drained":
        for (const resolve of this.#drained.splice(0)) resolve();
        return;
      case "closing":
        return log("info", message.reason);
      case "welcome":
      case "refused":
        throw new PerdureError("invalid-argument", `The server said "${message.type}" again.`);
    }
  }

  /** S2. */
  #page(runId: RunId, lease: Lease, events: readonly RunEvent[], isLast: boolean): void {
    const journal = this.#journals.get(runId);
    if (journal?.head.lease !== lease) return;
    for (const event of events) journal.events.push(event);
    if (!isLast) return;
    this.#journals.delete(runId);
    this.#parts.kept.recorded(runId, journal.events);
    this.#parts.worker.activate({ ...journal.head, events: journal.events });
  }

  #task(message: Extract<ServerMessage, { type: "task" }>): void {
    const { runId, key, attempt, ...rest } = message;
    const task: ClaimedTask = { token: { runId, key, attempt }, ...rest };
    const result = this.#parts.kept.result(task);
    if (result === undefined) return this.#parts.worker.runTask(task);
    this.result(task.token, result).catch(() => undefined);
  }

  async #called(message: Extract<ServerMessage, { type: "query" | "update" }>): Promise<void> {
    const { worker } = this.#parts;
    const { call, runId, lease, name } = message;
    try {
      if (message.type === "query") {
        const output = await worker.query(runId, lease, name, message.input);
        this.#send({ type: "reply", call, output });
      } else {
        const { id, payload } = message;
        await worker.update(runId, lease, { id, name, payload });
        this.#send({ type: "reply", call });
      }
    } catch (error) {
      const code = message.type === "query" ? "query-failed" : "update-rejected";
      this.#send({ type: "failed", call, error: toWire(error, code) });
    }
  }

  #callOf(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }
}

/** A result that fits into no frame would leave the step without an end. */
function fitting(message: StepToken & { readonly type: "result" }, result: StepResult): StepResult {
  if (result.type !== "failed") return result;
  try {
    encodeWorkerMessage({ ...message, call: 0, result });
    return result;
  } catch {
    const { code, message: text } = result.failure;
    return {
      type: "failed",
      failure: { code, message: text.slice(0, limits.failureMessageChars) },
    };
  }
}

function toWire(error: unknown, otherwise: "query-failed" | "update-rejected"): WireError {
  const isOurs = error instanceof PerdureError;
  const text = error instanceof Error ? error.message : String(error);
  const message = text.slice(0, wireLimits.textChars);
  const detail = isOurs ? error.detail : undefined;
  const code = isOurs ? error.code : otherwise;
  return { code, message, ...(detail === undefined ? {} : { detail }) };
}

export function errorOf({ code, message, detail }: WireError): PerdureError {
  return new PerdureError(code, message, detail === undefined ? {} : { detail });
}

function tokenOf({ runId, key, attempt }: StepToken): StepToken {
  return { runId, key, attempt };
}

function lost(): PerdureError {
  const text = "The session with the server is over; the server gives the work to others.";
  return new PerdureError("unavailable", text);
}
