/**
 * What a journal may say after what it has said: an automaton of its own, which shares no code
 * with the kernel.
 *
 * Invariant 2: `seq` has no gap and time does not go back. Invariant 4: a signal id, an update and
 * a child's news are taken once. Invariant 5: an attempt has one outcome, while it is out.
 * Invariant 7: nothing follows the end. Promise P9: nothing that waits for its time comes early.
 */
import { FailureCode, isSignalled, signalNameOf, type RunEvent } from "@perdure/kernel";

type Phase = "local" | "pending" | "running" | "backoff" | "timer" | "wait" | "call" | "child";

interface Open {
  readonly phase: Phase;
  readonly attempt: number;
}

const closing = /^run\.(completed|failed|cancelled|terminated|timedOut|continued)$/;

export class JournalGrammar {
  #seq = 0;
  #at = 0;
  #isClosed = false;
  readonly #open = new Map<string, Open>();
  readonly #ordinals = new Set<number>();
  readonly #outcomes = new Set<string>();
  readonly #signalIds = new Set<string>();
  /** Signals that no wait has taken: their names by seq. */
  readonly #signals = new Map<number, string>();
  readonly #waitsFor = new Map<string, string>();
  /** Not before then: timers, deadlines of waits, retries. */
  readonly #due = new Map<string, number>();
  readonly #updates = new Map<string, "open" | "done">();

  /** The number of the invariant and what is wrong, if the event may not follow. */
  next(event: RunEvent): readonly [invariant: string, text: string] | undefined {
    if (this.#isClosed) return ["7", `${event.kind} after the end`];
    if (event.seq !== this.#seq + 1) return ["2", `seq ${event.seq} after ${this.#seq}`];
    if (event.at < this.#at) return ["2", `time went back at seq ${event.seq}`];
    this.#seq = event.seq;
    this.#at = event.at;
    this.#isClosed = closing.test(event.kind);
    if ("ordinal" in event && !this.#isRetry(event)) {
      if (this.#ordinals.has(event.ordinal)) return ["9", `ordinal ${event.ordinal} twice`];
      this.#ordinals.add(event.ordinal);
    }
    return this.#early(event) ?? this.#step(event) ?? this.#talk(event);
  }

  #early(event: RunEvent): readonly [string, string] | undefined {
    switch (event.kind) {
      case "timer.started":
        this.#due.set(event.key, event.fireAt);
        return undefined;
      case "wait.started":
        this.#due.set(event.key, event.deadline ?? Infinity);
        return undefined;
      case "step.failed":
        this.#due.set(event.key, event.retryAt ?? 0);
        return undefined;
      case "timer.fired":
      case "wait.timedOut":
      case "step.rescheduled": {
        const earlyMs = (this.#due.get(event.key) ?? 0) - event.at;
        if (earlyMs <= 0) return undefined;
        return ["P9", `${event.kind} of ${event.key} comes ${earlyMs} ms early`];
      }
      default:
        return undefined;
    }
  }

  /** Further attempts of a local step come under the ordinal of the first. */
  #isRetry(event: RunEvent): boolean {
    return (
      (event.kind === "step.completed" || event.kind === "step.failed") && this.#open.has(event.key)
    );
  }

  #step(event: RunEvent): readonly [string, string] | undefined {
    switch (event.kind) {
      case "step.scheduled":
        return this.#begin(event.key, "pending", 1);
      case "step.started":
        return event.worker === undefined
          ? this.#move(event, ["backoff"], { phase: "local", attempt: event.attempt })
          : this.#move(event, ["pending"], { phase: "running", attempt: event.attempt });
      case "step.rescheduled":
        return this.#move(event, ["backoff", "running"], {
          phase: "pending",
          attempt: event.attempt,
        });
      case "step.heartbeat":
        return this.#move(event, ["running"], { phase: "running", attempt: event.attempt });
      case "step.completed":
      case "step.failed":
        return this.#outcome(event);
      case "step.abandoned":
        return this.#end(event.key, ["backoff"], event.kind);
      case "step.cancelled":
        return this.#end(event.key, ["pending", "running", "backoff", "local"], event.kind);
      default:
        return undefined;
    }
  }

  #outcome(
    event: Extract<RunEvent, { kind: "step.completed" | "step.failed" }>,
  ): readonly [string, string] | undefined {
    const { key, attempt, kind } = event;
    const name = `${key}@${attempt}`;
    // The time of all attempts is over, whatever became of this one.
    const isDeadline = kind === "step.failed" && event.failure.code === FailureCode.scheduleToClose;
    if (!isDeadline && this.#outcomes.has(name)) return ["5", `a second outcome of ${name}`];
    if (!isDeadline) this.#outcomes.add(name);
    const open = this.#open.get(key);
    // A remote attempt may also run out of time before anybody takes it.
    const isOut =
      open === undefined ||
      open.phase === "local" ||
      open.phase === "running" ||
      (kind === "step.failed" && event.failure.code.startsWith("timeout-"));
    if (!isOut) return ["5", `${kind} of ${name}, which is ${open.phase}`];
    if (open !== undefined && open.attempt !== attempt) {
      return ["5", `${kind} of ${name}, the open attempt is ${open.attempt}`];
    }
    if (kind === "step.completed") this.#open.delete(key);
    else this.#open.set(key, { phase: "backoff", attempt });
    return undefined;
  }

  #talk(event: RunEvent): readonly [string, string] | undefined {
    switch (event.kind) {
      case "timer.started":
        return this.#begin(event.key, "timer", 0);
      case "timer.fired":
        return event.key.startsWith("$") ? undefined : this.#end(event.key, ["timer"], event.kind);
      case "timer.cancelled":
        return this.#end(event.key, ["timer"], event.kind);
      case "wait.started":
        if (isSignalled(event.on)) this.#waitsFor.set(event.key, signalNameOf(event.on));
        return this.#begin(event.key, "wait", 0);
      case "wait.resolved":
        return this.#takeSignal(event) ?? this.#end(event.key, ["wait"], event.kind);
      case "wait.timedOut":
      case "wait.cancelled":
        return this.#end(event.key, ["wait"], event.kind);
      case "call.scheduled":
        return this.#begin(event.key, "call", 0);
      case "call.started":
        this.#open.set(event.key, { phase: "child", attempt: 0 });
        return undefined;
      case "call.closed":
        return this.#end(event.key, ["call", "child"], event.kind, "4");
      default:
        return this.#message(event);
    }
  }

  #message(event: RunEvent): readonly [string, string] | undefined {
    if (event.kind === "signal.received") {
      this.#signals.set(event.seq, event.name);
      if (event.id === undefined) return undefined;
      if (this.#signalIds.has(event.id)) return ["4", `the signal ${event.id} twice`];
      this.#signalIds.add(event.id);
    }
    if (event.kind === "update.accepted") {
      if (this.#updates.has(event.id)) return ["4", `the update ${event.id} twice`];
      this.#updates.set(event.id, "open");
    }
    if (event.kind === "update.completed") {
      if (this.#updates.get(event.id) !== "open") return ["5", `the update ${event.id} ends twice`];
      this.#updates.set(event.id, "done");
    }
    return undefined;
  }

  #takeSignal(
    event: Extract<RunEvent, { kind: "wait.resolved" }>,
  ): readonly [string, string] | undefined {
    if (event.signal === undefined) return undefined;
    const name = this.#signals.get(event.signal);
    if (name === undefined)
      return ["4", `${event.key} takes signal ${event.signal}, taken or unknown`];
    const wanted = this.#waitsFor.get(event.key);
    if (name !== wanted) return ["4", `${event.key} waits for ${wanted} and takes ${name}`];
    this.#signals.delete(event.signal);
    return undefined;
  }

  #begin(key: string, phase: Phase, attempt: number): readonly [string, string] | undefined {
    if (this.#open.has(key)) return ["9", `${key} is opened twice`];
    this.#open.set(key, { phase, attempt });
    return undefined;
  }

  #move(
    event: { readonly key: string; readonly attempt: number; readonly kind: string },
    from: readonly Phase[],
    to: Open,
  ): readonly [string, string] | undefined {
    const open = this.#open.get(event.key);
    const isNext = event.kind === "step.rescheduled" || to.phase === "local";
    const expected = (open?.attempt ?? 0) + (isNext ? 1 : 0);
    if (open === undefined || !from.includes(open.phase) || event.attempt !== expected) {
      const was = open ? `${open.phase} at attempt ${open.attempt}` : "not open";
      return ["5", `${event.kind} of ${event.key}@${event.attempt}, which is ${was}`];
    }
    this.#open.set(event.key, to);
    return undefined;
  }

  #end(
    key: string,
    from: readonly Phase[],
    kind: string,
    invariant = "5",
  ): readonly [string, string] | undefined {
    const open = this.#open.get(key);
    if (open === undefined || !from.includes(open.phase)) {
      return [invariant, `${kind} of ${key}, which is ${open?.phase ?? "not open"}`];
    }
    this.#open.delete(key);
    return undefined;
  }
}
