/**
 * One hold on a run whose code is reached by HTTP.
 *
 * P1  One exchange at a time. Events that are durable meanwhile wait and go with the next one.
 * P2  An exchange is made when there is something for the code to do: an event that may wake it, or a
 *     question. What only records what the code asked for waits until then.
 * P3  The whole journal is sent unless the app has said that it kept the code under this hold. It is
 *     read again for that: nothing of it is kept here.
 * P4  An exchange waits until what the one before it asked for is on disk and here: an app that has
 *     not kept the code would ask for it again.
 * P5  A failed exchange ends the hold, with a failure that the journal keeps and the kernel's backoff
 *     before the next try; that the code may have run is said unless it is certain that it has not.
 */
import type { Activation, Lease, UpdateRequest } from "@perdure/engine";
import {
  isWaking,
  PerdureError,
  type ActivationAnswer,
  type Payload,
  type RunEvent,
  type RunId,
} from "@perdure/kernel";
import type { ExchangeRequest, PushAsk, PushFrame } from "@perdure/wire";
import { PushFailure } from "./failure.ts";
import { Owed } from "./owed.ts";

export interface HoldParts {
  /** The frames of one exchange. */
  readonly exchange: (request: ExchangeRequest, signal: AbortSignal) => AsyncGenerator<PushFrame>;
  /** The run's journal up to and with this event. */
  readonly journal: (runId: RunId, through: number) => Promise<readonly RunEvent[]>;
  /** What is in the journal after this event, as much as comes at a time. */
  readonly after: (runId: RunId, seq: number) => Promise<readonly RunEvent[]>;
  readonly pause: (ms: number) => Promise<void>;
  readonly answer: (hold: PushHold, answer: Extract<PushFrame, { type: "answer" }>) => void;
  /** P5. */
  readonly failed: (hold: PushHold, failure: PushFailure) => void;
}

/** A question waits so long for the disk before the journal is read. */
const CATCH_UP_MS = 250;

interface Question extends PushAsk {
  readonly resolve: (output: Payload | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class PushHold {
  readonly runId: RunId;
  readonly lease: Lease;
  readonly #parts: HoldParts;
  readonly #name: string;
  readonly #activation: Omit<Activation, "events">;
  readonly #controller = new AbortController();
  /** What the app has not been given. */
  readonly #news: RunEvent[];
  /** The last event that was delivered, or read for a question. */
  #known: number;
  #isCatchingUp = false;
  /** The last event the app was given. */
  #given = 0;
  #through: number;
  /** P4. */
  readonly #owed = new Owed();
  #isKept = false;
  #isBusy = false;
  #isCancelled = false;
  readonly #questions: Question[] = [];
  #lastQuestion = 0;

  /** `name` is no other hold's, of this server or an earlier one. */
  constructor(parts: HoldParts, name: string, { events, ...activation }: Activation) {
    this.#parts = parts;
    this.#name = name;
    this.#activation = activation;
    this.runId = activation.runId;
    this.lease = activation.lease;
    this.#through = activation.through;
    this.#news = [...events];
    this.#known = events.at(-1)?.seq ?? 0;
  }

  deliver(events: readonly RunEvent[]): void {
    this.#hear(events);
    this.start();
  }

  async query(name: string, input: Payload): Promise<Payload> {
    const output = await this.#ask("query", `q${++this.#lastQuestion}`, name, input);
    if (output) return output;
    throw new PerdureError("query-failed", "The app answered a query without an output.");
  }

  async update({ id, name, payload }: UpdateRequest): Promise<void> {
    await this.#ask("update", id, name, payload);
  }

  /** Makes an exchange if there is anything to do (P2). */
  start(): void {
    if (this.#isBusy || this.#controller.signal.aborted || !this.#hasWork()) return;
    this.#isBusy = true;
    void this.#run();
  }

  /** The hold is over; an exchange in progress is given up. */
  end(reason: PerdureError): void {
    this.#controller.abort();
    for (const { reject } of this.#questions.splice(0)) reject(reason);
  }

  /** What was read for a question comes again by itself, when a paused run is resumed. */
  #hear(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (event.seq <= this.#known) continue;
      this.#known = event.seq;
      this.#news.push(event);
      this.#owed.heard(event);
      // It may reach further than the app said: over results that it has given to the code itself.
      if (event.kind !== "activation.completed") continue;
      this.#through = Math.max(this.#through, event.through);
    }
  }

  /** The engine delivers nothing of a paused run, and a question may need what it does not deliver. */
  async #catchUp(): Promise<void> {
    if (this.#isCatchingUp) return;
    this.#isCatchingUp = true;
    const isBlocked = (): boolean =>
      this.#questions.length > 0 && !this.#owed.isEmpty && !this.#controller.signal.aborted;
    while (isBlocked()) {
      await this.#parts.pause(CATCH_UP_MS);
      if (!isBlocked()) break;
      this.#hear(await this.#parts.after(this.runId, this.#known).catch(() => []));
    }
    this.#isCatchingUp = false;
    this.start();
  }

  #ask(
    kind: PushAsk["kind"],
    id: string,
    name: string,
    input: Payload,
  ): Promise<Payload | undefined> {
    return new Promise((resolve, reject) => {
      this.#questions.push({ kind, id, name, input, resolve, reject });
      this.start();
      void this.#catchUp();
    });
  }

  #hasWork(): boolean {
    if (!this.#owed.isEmpty) return false;
    if (this.#questions.length > 0) return true;
    return this.#news.some((event) => event.seq > this.#through && this.#wakes(event));
  }

  #wakes(event: RunEvent): boolean {
    if (event.kind === "run.cancelRequested") this.#isCancelled = true;
    // Cancelled code takes the retry of a failed step back.
    return isWaking(event) || (this.#isCancelled && event.kind === "step.failed");
  }

  async #run(): Promise<void> {
    try {
      do await this.#exchange();
      while (!this.#controller.signal.aborted && this.#hasWork());
    } catch (error) {
      if (!this.#controller.signal.aborted) this.#parts.failed(this, asFailure(error));
    } finally {
      this.#isBusy = false;
    }
    void this.#catchUp();
  }

  async #exchange(): Promise<void> {
    const questions = [...this.#questions];
    const news = this.#news.splice(0);
    const last = news.at(-1)?.seq ?? this.#given;
    const asks = questions.map(({ kind, id, name, input }) => ({ kind, id, name, input }));
    const { runId } = this;
    const base = { type: "exchange", runId, hold: this.#name, asks } as const;
    if (this.#isKept) {
      const request = { ...base, after: this.#given, events: news };
      this.#given = last;
      if (await this.#follow(request)) return this.#unanswered(questions);
    }
    const isWhole = news[0]?.seq === 1;
    const events = isWhole ? news : await this.#parts.journal(runId, last);
    this.#given = last;
    const { spec, lostAt } = this.#activation;
    const begin = { spec, lostAt, through: this.#through };
    if (await this.#follow({ ...base, begin, after: 0, events }))
      return this.#unanswered(questions);
    throw new PushFailure("The app says that it does not know a run that was just begun", {
      mayHaveRun: true,
    });
  }

  /** False: the app has not got the code, and has done nothing. */
  async #follow(request: ExchangeRequest): Promise<boolean> {
    let isKnown = true;
    this.#isKept = false;
    for await (const frame of this.#parts.exchange(request, this.#controller.signal)) {
      if (frame.type === "answer") {
        this.#owe(frame.answer);
        this.#parts.answer(this, frame);
      } else if (frame.type === "answered") this.#settle(frame.id)?.resolve(frame.output);
      else if (frame.type === "refused") {
        this.#settle(frame.id)?.reject(new PerdureError(frame.code, frame.message));
      } else if (frame.type === "unknown") isKnown = false;
      else if (frame.type === "end") this.#isKept = frame.keeps;
    }
    return isKnown;
  }

  #owe(answer: ActivationAnswer): void {
    this.#owed.asked(answer, this.#news);
    const { through = 0 } = answer;
    if (through <= this.#through) return;
    this.#through = through;
    this.#owed.waits(through);
  }

  /** Asked again at once they would be asked for ever. */
  #unanswered(questions: readonly Question[]): void {
    for (const { id, kind, name } of questions) {
      const text = `The app ended its answer without a word on the ${kind} "${name}"; ask again.`;
      this.#settle(id)?.reject(new PerdureError("unavailable", text));
    }
  }

  #settle(id: string): Question | undefined {
    const at = this.#questions.findIndex((question) => question.id === id);
    return at === -1 ? undefined : this.#questions.splice(at, 1)[0];
  }
}

function asFailure(error: unknown): PushFailure {
  if (error instanceof PushFailure) return error;
  // The journal could not be read, or is too long for a request: the app was not called.
  const message = error instanceof Error ? error.message : String(error);
  return new PushFailure(message, { mayHaveRun: false, cause: error });
}
