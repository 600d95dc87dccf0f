/**
 * One hold on an invocation: the events it was given, and attempts, one at a time, until the
 * invocation is over, fails, or waits for something that is not here.
 *
 * It owns its attempts and what they were told. The engine owns the lease.
 *
 * D1  What the SDK asks becomes commands in the order of its messages, those of a chunk in one
 *     answer; what it is told is durable (W1).
 * D2  One attempt at a time. The next one begins when everything that the one before asked for is
 *     here as events.
 * D3  An attempt is made only if it can get further than the last one: what it awaited has been
 *     resolved by something that it had not been given.
 * D4  Nothing is taken from an attempt that has ended, been given up, or failed.
 * D5  Who suspends leaves the hold when nothing is owed to it: the journal is not kept for it.
 * D6  What an attempt had begun when it failed is written down: the SDK's own policy for a step counts
 *     failures since the last entry of the journal, which is to be that step.
 * D7  The engine is told that the code waits only when nothing that is here lets it go on: a run that
 *     it takes to be at rest is given to nobody until something wakes it.
 */
import type { Activation, Lease, WorkerSession } from "@perdure/engine";
import {
  isWaking,
  PerdureError,
  type Command,
  type RunEvent,
  type RunId,
  type RunSpec,
} from "@perdure/kernel";
import type { HandlerView } from "../deployments/deployment.ts";
import type { Message } from "../messages/messages.ts";
import { markersBelow } from "../projection/asking.ts";
import { entriesOf, notificationsOf, type Entries } from "../projection/replay.ts";
import type { JournalState } from "../projection/state.ts";
import { isResolved, signalsAwaited, type Awaited } from "../projection/awaiting.ts";
import type { Attempt, AttemptListener } from "./attempt.ts";
import type { Slot } from "./attempt-slots.ts";
import { unexpected } from "./attempt-words.ts";
import { Closures, type Closure } from "./closures.ts";
import { Conversation, type ConversationEnd } from "./conversation.ts";
import type { Endpoint, Prepared } from "./endpoint.ts";
import { answerTo, pauseForCode, type AttemptFailure } from "./failure.ts";
import { failedBefore } from "./failed-before.ts";
import { driverLimits } from "./limits.ts";
import { Owed, tellsAtOnce } from "./owed.ts";
import { startMessage } from "./start-message.ts";

export interface HoldParts {
  readonly endpoint: Endpoint;
  readonly handler: HandlerView;
  readonly session: () => Pick<WorkerSession, "answer" | "release"> | undefined;
  /** The hold has nothing more to do. */
  readonly left: (hold: Hold) => void;
}

/** `resting`: suspended; what was asked for is on its way to disk, or nothing is left to do. */
type Phase = "waiting" | "preparing" | "running" | "resting" | "over";

export class Hold implements AttemptListener {
  readonly runId: RunId;
  readonly lease: Lease;
  readonly #parts: HoldParts;
  readonly #spec: RunSpec;
  readonly #events: RunEvent[];
  readonly #lostAt: number;
  #phase: Phase = "resting";
  #slot: Slot | undefined;
  #attempt: Attempt | undefined;
  #conversation: Conversation | undefined;
  /** Follows every event, from the attempt's begin to the next one's. */
  #journal: JournalState | undefined;
  #closures: Closures | undefined;
  #awaited: Awaited | undefined;
  /** The last event that the attempt was given. */
  #given = 0;
  /** The last event that is more than word of what was answered; and where that was at a suspension. */
  #lastNews = 0;
  #newsAtRest = -1;
  /** The last event that may let the code go on. */
  #lastWaking = 0;
  /** What was last answered as `through`, and what of it is here as an event. */
  #saidThrough: number;
  #heardThrough: number;
  /** Bytes that the SDK has sent since anything of them was durable. */
  #unsaved = 0;
  #isBehind = false;
  readonly #owed = new Owed();

  constructor(parts: HoldParts, { runId, lease, spec, events, through, lostAt }: Activation) {
    this.#parts = parts;
    this.runId = runId;
    this.lease = lease;
    this.#spec = spec;
    this.#events = [...events];
    this.#lostAt = lostAt;
    this.#saidThrough = through;
    this.#heardThrough = through;
    for (const event of events) this.#note(event);
  }

  start(): void {
    // It was given only to be asked something: its code is at rest.
    if (this.#lastWaking <= this.#saidThrough) return this.#settle();
    this.#awaited = this.#parts.endpoint.suspended.take(this.runId);
    if (this.#awaited === undefined) this.#again();
    else this.#settle();
  }

  deliver(events: readonly RunEvent[]): void {
    const messages: Message[] = [];
    for (const event of events) {
      this.#events.push(event);
      this.#owed.heard(event);
      this.#note(event);
      if (this.#journal) messages.push(...this.#follow(event, this.#journal));
    }
    if (this.#phase === "running") this.#tell(messages);
    else if (this.#phase === "resting") this.#settle();
  }

  /** The lease has ended. */
  end(): void {
    if (this.#phase === "over") return;
    this.#stop();
    this.#phase = "over";
  }

  /** The closure that the code is in. */
  closure(): Closure | undefined {
    return this.#closures?.longest;
  }

  /** What the code waits for, while its stream is kept open. */
  awaits(): { readonly signals: readonly string[]; readonly since: number } | undefined {
    const awaited = this.#closures?.awaited;
    return awaited && { signals: signalsAwaited(awaited.future), since: awaited.since };
  }

  took(messages: readonly Message[], bytes: number): void {
    this.#unsaved += bytes;
    for (const message of messages) this.#closures?.heard(message);
    this.#conversation?.take(messages);
    this.#feel();
  }

  failed(failure: AttemptFailure): void {
    if (this.#phase === "running" || this.#phase === "preparing") this.#fail(failure);
  }

  #follow(event: RunEvent, journal: JournalState): readonly Message[] {
    try {
      return notificationsOf(event, journal);
    } catch (error) {
      if (!(error instanceof PerdureError)) throw error;
      this.#fail(unreadableJournal(error));
      return [];
    }
  }

  #note(event: RunEvent): void {
    if (isWaking(event)) this.#lastWaking = event.seq;
    if (event.kind !== "activation.completed") this.#lastNews = event.seq;
    else this.#heardThrough = Math.max(this.#heardThrough, event.through);
  }

  get #last(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  #again(): void {
    this.#phase = "waiting";
    this.#awaited = undefined;
    this.#journal = undefined;
    this.#slot = this.#parts.endpoint.slots.take(() => this.#prepare());
  }

  #prepare(): void {
    this.#phase = "preparing";
    const { endpoint, handler } = this.#parts;
    const prepared = endpoint.prepare(handler, this.#spec);
    if (prepared instanceof Promise) void this.#beginWith(prepared);
    else this.#begin(prepared);
  }

  async #beginWith(prepared: Promise<Prepared>): Promise<void> {
    let ready: Prepared;
    try {
      ready = await prepared;
    } catch (error) {
      return this.failed(unprepared(error));
    }
    if (this.#phase === "preparing") this.#begin(ready);
  }

  #begin({ entries, headers }: Prepared): void {
    const { endpoint, handler } = this.#parts;
    const { env } = endpoint;
    const read = this.#read();
    if (read instanceof PerdureError) return this.#fail(unreadableJournal(read));
    const { messages, state, lastEntryAt, failedSince } = read;
    this.#journal = state;
    const start = startMessage({
      spec: this.#spec,
      handler,
      entries,
      knownEntries: messages.length,
      retryCount: failedSince,
      durationMs: Math.max(0, env.now() - lastEntryAt),
    });
    this.#phase = "running";
    this.#given = this.#last;
    this.#unsaved = 0;
    this.#closures = new Closures(env, messages);
    const conversation = new Conversation(state, {
      keyOf: endpoint.keyOf,
      given: () => this.#given,
      asked: (commands) => this.#answer(commands),
      ended: (end) => this.#ended(end),
      looking: () => this.#feel(),
      broken: (error) => {
        env.log("error", "what an endpoint said could not be taken", { run: this.runId, error });
      },
    });
    this.#conversation = conversation;
    this.#attempt = endpoint.attempt(this.runId, handler, headers, this);
    this.#attempt.begin([start, ...messages]);
  }

  #tell(messages: readonly Message[]): void {
    this.#unsaved = 0;
    this.#feel();
    if (!this.#attempt?.canSend) return;
    this.#given = this.#last;
    if (messages.length > 0) this.#closures?.told();
    this.#attempt.send(messages);
  }

  /** Reads on only while what was read finds its way to disk. */
  #feel(): void {
    const isLooking = this.#conversation?.isLooking ?? false;
    const isBehind =
      isLooking || (this.#unsaved > driverLimits.unsavedBytes && !this.#owed.isEmpty);
    if (isBehind === this.#isBehind) return;
    this.#isBehind = isBehind;
    this.#attempt?.hold(isBehind);
  }

  #ended(end: ConversationEnd): void {
    switch (end.type) {
      case "over":
        this.#stop();
        this.#phase = "over";
        return this.#answer(end.commands);
      case "suspended":
        return this.#suspend(end.commands, end.awaited);
      case "failed":
        if (end.commands.length > 0) this.#answer(end.commands);
        return this.#fail(end.failure);
    }
  }

  #suspend(commands: readonly Command[], awaited: Awaited): void {
    const isIdle = commands.length === 0 && this.#owed.isEmpty;
    const isFruitless = isIdle && this.#newsAtRest === this.#lastNews;
    this.#newsAtRest = this.#lastNews;
    this.#stop();
    this.#phase = "resting";
    this.#awaited = awaited;
    if (isFruitless) {
      const why = "it suspends again and again on what it has to do itself";
      return this.#fail(unexpected("suspension", why));
    }
    const isSoon = !this.#owed.isEmpty || commands.some(tellsAtOnce) || this.#canGoOn();
    if (!isSoon) return this.#say(commands);
    if (commands.length > 0) this.#answer(commands);
    this.#settle();
  }

  /** D7. */
  #say(commands: readonly Command[]): void {
    this.#saidThrough = this.#last;
    this.#answer(commands, this.#saidThrough);
  }

  #settle(): void {
    // D2.
    if (!this.#owed.isEmpty || this.#heardThrough < this.#saidThrough) return;
    const { endpoint } = this.#parts;
    if (this.#lastWaking > this.#saidThrough) {
      return this.#canGoOn() ? this.#again() : this.#say([]);
    }
    // D5. Not in the middle of what the engine does.
    this.#phase = "over";
    if (this.#awaited !== undefined) endpoint.suspended.set(this.runId, this.#awaited);
    endpoint.env.defer(() => this.#parts.session()?.release(this.runId, this.lease));
    this.#parts.left(this);
  }

  /** D3. */
  #canGoOn(): boolean {
    if (this.#awaited === undefined) return true;
    const awaited = this.#awaited;
    const given = awaited.through;
    if (this.#events.some(({ kind, seq }) => kind === "run.resumed" && seq > given)) return true;
    if (this.#journal === undefined) {
      // It suspended under an earlier hold.
      const read = this.#read();
      // An attempt says what is wrong with it.
      if (read instanceof PerdureError) return true;
      this.#journal = read.state;
    }
    return isResolved(awaited, this.#journal);
  }

  #read(): Entries | PerdureError {
    const { endpoint, handler } = this.#parts;
    const context = { ...endpoint.contextOf(handler, this.#spec), lostAt: this.#lostAt };
    try {
      return entriesOf(this.#events, context);
    } catch (error) {
      if (error instanceof PerdureError) return error;
      throw error;
    }
  }

  #fail(failure: AttemptFailure): void {
    if (this.#phase === "over") return;
    const journal = this.#phase === "running" ? this.#journal : undefined;
    this.#stop();
    this.#phase = "over";
    const { retry } = this.#parts.handler.settings;
    const answer = answerTo(failure, retry, failedBefore(this.#events));
    // D6.
    const commands = [...(journal ? markersBelow(journal, Infinity) : []), ...answer.commands];
    const isIdle = failure.isUntouched ?? false;
    this.#parts.session()?.answer(this.runId, this.lease, { ...answer, commands }, isIdle);
    this.#parts.left(this);
  }

  #answer(commands: readonly Command[], through?: number): void {
    this.#owed.asked(commands);
    const answer = through === undefined ? { commands } : { commands, through };
    this.#parts.session()?.answer(this.runId, this.lease, answer);
  }

  /** The attempt is over, or is given up; its slot goes to the next. */
  #stop(): void {
    this.#conversation?.stop();
    this.#attempt?.giveUp();
    this.#conversation = undefined;
    this.#closures = undefined;
    this.#attempt = undefined;
    this.#isBehind = false;
    this.#slot?.free();
    this.#slot = undefined;
  }
}

/** No invocation of Restate's wrote it: a person has to look. */
function unreadableJournal({ message }: PerdureError): AttemptFailure {
  const text = `[RT0006] ${message}`;
  return { code: "RT0006", message: text, next: pauseForCode, isUntouched: true };
}

function unprepared(error: unknown): AttemptFailure {
  const reason = error instanceof Error ? error.message : String(error);
  const text = `[RT0006] the attempt could not be prepared: ${reason}`;
  return { code: "RT0006", message: text, isUntouched: true };
}
