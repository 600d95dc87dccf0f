/**
 * A worker elsewhere, as the engine sees it: calls become messages, messages become calls.
 *
 * S1  It outlives its connections. Only the engine's lease, its worker, or a broken rule ends it.
 * S2  The engine judges every answer: what comes under an ended lease changes nothing.
 * S3  What the worker has not acknowledged is kept, up to a limit; past it the session is over and
 *     its runs are offered to others.
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
import { invariant, PerdureError } from "@perdure/kernel";
import type { Payload, RunEvent, RunId, StepToken } from "@perdure/kernel";
import {
  Channel,
  encodeServerMessage,
  pagesOf,
  type Frame,
  type Pipe,
  type ServerMessage,
  type WireError,
  type WorkerMessage,
} from "@perdure/wire";
import type { ServerLimits } from "../../limits.ts";
import { JournalPages } from "./journal-pages.ts";
import { LongSteps, type LongStep } from "./long-steps.ts";

export interface SessionParts {
  /** In the engine: unlike any other worker's, also one of an earlier session. */
  readonly id: string;
  readonly env: Env;
  readonly bounds: ServerLimits;
  /** It is over, and why its worker must come back as a new one. */
  readonly over: (session: StreamSession, reason: PerdureError) => void;
  readonly limits?: { readonly backlogBytes: number; readonly backlogMessages: number };
}

/** A run that this worker cannot be given now is offered again so much later. */
const RELEASE_MS = 1_000;

interface Call {
  readonly resolve: (output: Payload | undefined) => void;
  readonly reject: (error: PerdureError) => void;
}

export class StreamSession implements Worker {
  readonly id: string;
  readonly #parts: SessionParts;
  readonly #channel: Channel<WorkerMessage>;
  readonly #pages = new Map<RunId, JournalPages>();
  #pagesBytes = 0;
  /** Queries and updates that the worker has not answered. */
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  readonly #steps: LongSteps;
  #session: WorkerSession | undefined;
  #isOver = false;

  constructor(parts: SessionParts) {
    this.id = parts.id;
    this.#parts = parts;
    const { env, bounds, limits } = parts;
    this.#steps = new LongSteps(env, bounds.streamSteps);
    this.#channel = new Channel<WorkerMessage>({
      world: env,
      take: (message) => this.#take(message),
      overfull: () => this.end(tooSlow()),
      ...(limits === undefined ? {} : { limits }),
    });
  }

  /** What `register` gave for this worker. */
  connect(session: WorkerSession): void {
    this.#session = session;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isAttached(): boolean {
    return this.#channel.isAttached;
  }

  get received(): number {
    return this.#channel.received;
  }

  attach(pipe: Pipe, received: number, window: number): void {
    this.#session?.alive();
    this.#channel.attach(pipe, received, window);
  }

  detach(): void {
    this.#channel.detach();
  }

  receive(frame: Frame<WorkerMessage>, bytes: number): void {
    if (this.#isOver) return;
    this.#session?.alive();
    this.#channel.receive(frame, bytes);
  }

  beat(): void {
    this.#channel.beat();
  }

  /** Gives back everything it holds. Its worker hears why over the connection, if it has one. */
  end(reason: PerdureError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#session?.close();
    for (const pages of this.#pages.values()) pages.cancel();
    this.#pages.clear();
    for (const call of this.#calls.values()) call.reject(gone());
    this.#calls.clear();
    this.#parts.over(this, reason);
    this.#channel.detach();
  }

  /** The server leaves: takes nothing new, resolves when all is finished or handed back. */
  async leave(reason: string): Promise<void> {
    this.#send({ type: "closing", reason });
    await this.#session?.drain();
    this.end(new PerdureError("unavailable", reason));
  }

  activate(activation: Activation): void {
    if (this.#isOver) return;
    const { runId, lease } = activation;
    this.#forget(runId);
    this.#steps.forget(runId);
    const pages = new JournalPages(activation, {
      sent: (done, behind) => {
        if (this.#pages.get(runId) === done) this.#forget(runId);
        for (const message of behind) this.#tell(runId, lease, message);
      },
      failed: (failed, error) => {
        if (this.#pages.get(runId) === failed) this.#forget(runId);
        this.#unsendable(runId, lease, error);
      },
    });
    const isAlone = this.#pages.size === 0;
    const bytes = this.#pagesBytes + pages.bytes;
    // It would only lie in memory here: later, or somewhere else.
    if (!isAlone && bytes > this.#parts.bounds.streamJournalBytes)
      return this.#release(runId, lease);
    this.#pages.set(runId, pages);
    this.#pagesBytes = bytes;
    this.#channel.send(pages);
  }

  deliver(runId: RunId, lease: Lease, events: readonly RunEvent[]): void {
    for (const page of pagesOf(events)) {
      this.#tell(runId, lease, { type: "deliver", runId, lease, events: page });
    }
  }

  evict(runId: RunId, lease: Lease): void {
    this.#steps.forget(runId);
    const pages = this.#pages.get(runId);
    if (pages?.activation.lease === lease) {
      this.#forget(runId);
      if (!pages.hasBegun) return;
    }
    this.#send({ type: "evict", runId, lease });
  }

  /** The engine has not heard of it for a whole lease. */
  closed(): void {
    const text = "The worker was silent for longer than its lease: its work was given to others.";
    this.end(new PerdureError("unavailable", text));
  }

  doing(runId: RunId): LongStep | undefined {
    return this.#steps.of(runId);
  }

  runTask({ token, ...task }: ClaimedTask): void {
    try {
      this.#send({ type: "task", ...token, ...task });
    } catch (error) {
      const failure = { code: "limit-exceeded", message: messageOf(error), retryable: false };
      this.#session?.result(token, { type: "failed", failure }).catch(() => undefined);
    }
  }

  cancelTask(token: StepToken): void {
    this.#send({ type: "cancelTask", ...token });
  }

  async query(runId: RunId, lease: Lease, name: string, input: Payload): Promise<Payload> {
    const output = await this.#ask(runId, lease, (call) => {
      return { type: "query", call, runId, lease, name, input };
    });
    if (output !== undefined) return output;
    throw new PerdureError("query-failed", `The query "${name}" was answered with nothing.`);
  }

  async update(runId: RunId, lease: Lease, update: UpdateRequest): Promise<void> {
    await this.#ask(runId, lease, (call) => ({ type: "update", call, runId, lease, ...update }));
  }

  #ask(
    runId: RunId,
    lease: Lease,
    message: (call: number) => ServerMessage,
  ): Promise<Payload | undefined> {
    if (this.#isOver) return Promise.reject(gone());
    const { streamCalls } = this.#parts.bounds;
    if (this.#calls.size >= streamCalls) return Promise.reject(tooManyCalls(streamCalls));
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall;
      this.#calls.set(call, { resolve, reject });
      this.#tell(runId, lease, message(call));
    });
  }

  /** To a run's code: not before the run's journal. */
  #tell(runId: RunId, lease: Lease, message: ServerMessage): void {
    const pages = this.#pages.get(runId);
    if (pages?.activation.lease === lease) return pages.follow(message);
    try {
      this.#send(message);
    } catch (error) {
      this.#unsendable(runId, lease, error);
    }
  }

  #send(message: ServerMessage): void {
    if (!this.#isOver) this.#channel.send(encodeServerMessage(message));
  }

  /** An event that fits into no frame: the run says so, and its code is not left with a gap. */
  #unsendable(runId: RunId, lease: Lease, error: unknown): void {
    const failure = { code: "limit-exceeded", message: messageOf(error) };
    this.#parts.env.log("error", "a run's events fit into no frame", { runId, error });
    this.#session?.answer(runId, lease, { commands: [], failure });
    this.#send({ type: "evict", runId, lease });
    this.#release(runId, lease);
  }

  /** Not at once: the run may come back as soon as it is given back. */
  #release(runId: RunId, lease: Lease): void {
    this.#parts.env.after(RELEASE_MS, () => {
      if (!this.#isOver) this.#session?.release(runId, lease);
    });
  }

  #forget(runId: RunId): void {
    const pages = this.#pages.get(runId);
    if (pages === undefined) return;
    if (!pages.isDone) pages.cancel();
    this.#pages.delete(runId);
    this.#pagesBytes -= pages.bytes;
  }

  #take(message: WorkerMessage): void {
    if (this.#isOver) return;
    const session = this.#session;
    invariant(session !== undefined, "a message before the worker was registered");
    switch (message.type) {
      case "answer": {
        const { runId, lease, ...answer } = message;
        this.#steps.ended(runId, answer.commands);
        return session.answer(runId, lease, answer);
      }
      case "beat": {
        const { call, details } = message;
        return this.#answer(call, session.beat(tokenOf(message), details));
      }
      case "result":
        return this.#answer(message.call, session.result(tokenOf(message), message.result));
      case "reply":
        return this.#callOf(message.call)?.resolve(message.output);
      case "failed":
        return this.#callOf(message.call)?.reject(errorOf(message.error));
      case "doing":
        return this.#steps.told(message);
      case "drain":
        return void session.drain().then(() => this.#send({ type: "drained" }));
      case "hello":
        throw new PerdureError("invalid-argument", "The worker greets once: it has greeted.");
    }
  }

  #answer(call: number, outcome: Promise<{ readonly cancelRequested: boolean } | void>): void {
    outcome.then(
      (done) => this.#send({ type: "done", call, cancelRequested: done?.cancelRequested ?? false }),
      (error: unknown) => this.#send({ type: "failed", call, error: toWire(error) }),
    );
  }

  #callOf(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }
}

export function toWire(error: unknown): WireError {
  if (!(error instanceof PerdureError)) return internal;
  const { code, message, detail } = error;
  return { code, message, ...(detail === undefined ? {} : { detail }) };
}

/** What a stranger's error says stays in the server's log. */
const internal: WireError = {
  code: "internal",
  message: "The server failed: its log says why. Try again, and tell whoever runs it.",
};

function errorOf({ code, message, detail }: WireError): PerdureError {
  return new PerdureError(code, message, detail === undefined ? {} : { detail });
}

function tokenOf({ runId, key, attempt }: StepToken): StepToken {
  return { runId, key, attempt };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function gone(): PerdureError {
  return new PerdureError("unavailable", "The worker that held the run is gone: ask again.");
}

function tooManyCalls(max: number): PerdureError {
  return new PerdureError(
    "overloaded",
    `${max} queries and updates wait for one worker: try again later.`,
  );
}

function tooSlow(): PerdureError {
  return new PerdureError(
    "overloaded",
    "The worker does not take what it is sent: give it fewer run slots, or more machines.",
  );
}
