/**
 * A journal folded into what a person wants to see of it: one row an operation, with when it was
 * busy and when it waited.
 *
 * A local step is first heard of when it has run, so its beginning is concluded from what was asked
 * for before it.
 */
import {
  nameOfWait,
  type Failure,
  type Payload,
  type RunEvent,
  type RunEventOf,
} from "@perdure/kernel";

export type Phase = "busy" | "waiting" | "failed";

export interface Stretch {
  readonly from: number;
  /** Absent: it goes on. */
  to?: number;
  readonly phase: Phase;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly at: number;
  readonly failure: Failure;
  readonly retryAt?: number;
}

export interface Row {
  readonly key: string;
  readonly type: "step" | "timer" | "wait" | "call" | "update" | "signal" | "note";
  /** Where a fork that repeats it would cut: the event before its first. */
  readonly firstSeq: number;
  lastSeq: number;
  /** What it is about, in a word: a task's queue, a child's workflow, a signal's name. */
  readonly about?: string;
  readonly stretches: Stretch[];
  readonly failures: FailedAttempt[];
  attempts: number;
  maybeRan: boolean;
  state: "open" | "done" | "failed" | "cancelled";
  result?: Payload;
  failure?: Failure;
}

export function rowsOf(events: readonly RunEvent[]): Row[] {
  const fold = new Fold();
  for (const event of events) fold.add(event);
  return fold.rows;
}

class Fold {
  readonly rows: Row[] = [];
  readonly #byKey = new Map<string, Row>();
  /** What signals brought, by seq: a wait names the one that resolved it. */
  readonly #signals = new Map<number, Payload>();
  /** When each ordinal was asked for, and what became of it. */
  readonly #asked = new Map<number, { readonly at: number; readonly row: Row | undefined }>();
  #before: number | undefined;

  add(event: RunEvent): void {
    this.#apply(event);
    this.#before = event.at;
    if (!("ordinal" in event) || this.#asked.has(event.ordinal)) return;
    const row = "key" in event ? this.#byKey.get(event.key) : undefined;
    this.#asked.set(event.ordinal, { at: row?.stretches[0]?.from ?? event.at, row });
  }

  #apply(event: RunEvent): void {
    switch (event.kind) {
      case "step.scheduled":
        this.#open(event, "step", "waiting", `queue ${event.spec.queue}`);
        return;
      case "step.started": {
        const row = this.#open(event, "step", "busy");
        row.attempts = event.attempt;
        row.maybeRan ||= event.maybeRan === true;
        this.#phase(row, event, "busy");
        return;
      }
      case "step.rescheduled":
        this.#phase(this.#byKey.get(event.key), event, "waiting");
        return;
      case "step.failed": {
        const row = this.#local(event);
        row.attempts = event.attempt;
        row.maybeRan ||= event.maybeRan === true;
        const { attempt, at, failure, retryAt } = event;
        row.failures.push({ attempt, at, failure, ...(retryAt === undefined ? {} : { retryAt }) });
        this.#phase(row, event, "waiting");
        return;
      }
      case "step.completed": {
        const row = this.#local(event);
        row.attempts = event.attempt;
        row.maybeRan ||= event.maybeRan === true;
        this.#close(row, event, "done", event.output);
        return;
      }
      case "timer.started":
        this.#open(event, "timer", "waiting");
        return;
      case "wait.started":
        this.#open(event, "wait", "waiting", `${event.on.type} ${nameOfWait(event.on)}`);
        return;
      case "call.scheduled":
        this.#open(event, "call", "waiting", event.target.workflow);
        return;
      case "call.started":
        this.#phase(this.#byKey.get(event.key), event, "busy");
        return;
      default:
        this.#finish(event);
    }
  }

  #finish(event: RunEvent): void {
    switch (event.kind) {
      case "step.abandoned":
        this.#fail(this.#byKey.get(event.key), event, event.failure);
        return;
      case "step.cancelled":
      case "timer.cancelled":
      case "wait.cancelled":
        this.#close(this.#byKey.get(event.key), event, "cancelled");
        return;
      case "timer.fired":
        this.#close(this.#byKey.get(event.key), event, "done");
        return;
      case "wait.resolved":
        this.#close(this.#byKey.get(event.key), event, "done", this.#payloadOf(event));
        return;
      case "wait.timedOut":
        this.#fail(this.#byKey.get(event.key), event, {
          code: "timed-out",
          message: "nobody answered in time",
        });
        return;
      case "call.closed": {
        const { outcome } = event;
        const row = this.#byKey.get(event.key);
        if (outcome.status === "completed") this.#close(row, event, "done", outcome.output);
        else if (outcome.status !== "continued") this.#fail(row, event, outcome.failure);
        return;
      }
      default:
        this.#talk(event);
    }
  }

  #talk(event: RunEvent): void {
    switch (event.kind) {
      case "signal.received":
        if (event.payload) this.#signals.set(event.seq, event.payload);
        this.#moment(event, "signal", `signal ${event.name}`, event.payload, event.failure);
        return;
      case "update.accepted":
        this.#open(
          { ...event, key: `update ${event.name}#${event.id}` },
          "update",
          "busy",
          event.name,
        );
        return;
      case "update.completed": {
        const row = this.rows.find(({ key }) => key.endsWith(`#${event.id}`));
        if (event.failure) this.#fail(row, event, event.failure);
        else this.#close(row, event, "done", event.output);
        return;
      }
      case "message.sent":
        this.#moment(event, "note", event.key);
        return;
      case "run.paused":
      case "run.resumed":
      case "run.cancelRequested":
        this.#moment(event, "note", event.kind.slice("run.".length));
        return;
      case "activation.failed":
        this.#moment(event, "note", "activation", undefined, event.failure);
        return;
      default:
        // What is left opens and closes nothing: the run's own life, state, recorded values.
        return;
    }
  }

  #payloadOf({ payload, signal }: RunEventOf<"wait.resolved">): Payload | undefined {
    return payload ?? (signal === undefined ? undefined : this.#signals.get(signal));
  }

  /**
   * A local step that has left no event yet began when the code went on: when what was asked for
   * before it had ended, or, where that is still open, together with it.
   */
  #local(event: RunEvent & { readonly key: string; readonly ordinal: number }): Row {
    const known = this.#byKey.get(event.key);
    if (known) return known;
    const previous = this.#asked.get(event.ordinal - 1);
    const ended = previous?.row?.state === "open" ? undefined : previous?.row?.stretches.at(-1)?.to;
    const at = ended ?? previous?.at ?? this.#before ?? event.at;
    return this.#open({ ...event, at }, "step", "busy");
  }

  #open(
    event: RunEvent & { readonly key: string },
    type: Row["type"],
    phase: Phase,
    about?: string,
  ): Row {
    const known = this.#byKey.get(event.key);
    if (known) return known;
    const row: Row = {
      key: event.key,
      type,
      firstSeq: event.seq,
      lastSeq: event.seq,
      ...(about === undefined ? {} : { about }),
      stretches: [{ from: event.at, phase }],
      failures: [],
      attempts: 0,
      maybeRan: false,
      state: "open",
    };
    this.#byKey.set(event.key, row);
    this.rows.push(row);
    return row;
  }

  #phase(row: Row | undefined, { at, seq }: RunEvent, phase: Phase): void {
    const last = row?.stretches.at(-1);
    if (!row || !last) return;
    row.lastSeq = seq;
    if (last.phase === phase && last.to === undefined) return;
    last.to ??= at;
    row.stretches.push({ from: at, phase });
  }

  #close(row: Row | undefined, { at, seq }: RunEvent, state: Row["state"], result?: Payload): void {
    const last = row?.stretches.at(-1);
    if (!row || !last) return;
    row.lastSeq = seq;
    last.to ??= at;
    row.state = state;
    if (result) row.result = result;
  }

  #fail(row: Row | undefined, event: RunEvent, failure: Failure): void {
    this.#close(row, event, "failed");
    if (row) row.failure = failure;
  }

  #moment(
    event: RunEvent,
    type: Row["type"],
    key: string,
    result?: Payload,
    failure?: Failure,
  ): void {
    this.rows.push({
      key,
      type,
      firstSeq: event.seq,
      lastSeq: event.seq,
      stretches: [{ from: event.at, to: event.at, phase: failure ? "failed" : "busy" }],
      failures: [],
      attempts: 0,
      maybeRan: false,
      state: failure ? "failed" : "done",
      ...(result === undefined ? {} : { result }),
      ...(failure === undefined ? {} : { failure }),
    });
  }
}
