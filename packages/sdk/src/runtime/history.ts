/**
 * What the journal says the code asked for, and what of it needs a look ahead.
 *
 * It owns no event of the future that code may see: the fiber applies events one at a time, in
 * order. Only these are read ahead, because the first execution knew them at that point, too:
 *
 * H1  At most one operation is recorded per ordinal; the first event that carries it names it.
 * H2  A value that the code recorded itself is there when it asks again (`valueAt`).
 * H3  A result that was given to the code before it was on disk, and not where its event stands,
 *     names the event that the code had seen last; `takeEarly` gives it at that point again.
 */
import { isClosing, nameOfWait, type Payload, type RunEvent } from "@perdure/kernel";
import type { RunEventOf } from "@perdure/kernel";

export type AskKind =
  | "step"
  | "task"
  | "timer"
  | "wait"
  | "call"
  | "message"
  | "state write"
  | "state clear"
  | "attributes"
  | "value";

/** One operation as recorded. */
export interface Recorded {
  readonly kind: AskKind;
  /** The operation's key, or the name of the state written. */
  readonly key: string;
  /** What else must agree: the task, the signal, the workflow. */
  readonly detail: string;
  readonly event: RunEvent;
}

/** `given` of a result that the code had where it asked for it. */
export const INLINE = 0;

type Completed = RunEventOf<"step.completed">;

export class History {
  /** The highest ordinal recorded. */
  highest = 0;
  isClosed = false;
  /** The last event that came of what the code asked for. */
  lastOwn = 0;
  /** The last pause that nobody has ended, by its seq; 0: none. */
  pausedAt = 0;
  // A run that is begun here has nothing to look ahead to, so these are made when there is.
  #recorded: Map<number, Recorded> | undefined;
  #early: Map<number, Completed[]> | undefined;
  /** Attempts of local steps that are due and have no outcome yet, by the seq of their start. */
  #starts: Map<string, number> | undefined;
  #settled: Set<string> | undefined;
  #updates: Set<string> | undefined;

  /** `asked`: what the code has asked already is not kept. */
  add(event: RunEvent, asked: number): void {
    if (event.kind === "run.paused") this.pausedAt = event.seq;
    else if (event.kind === "run.resumed" || event.kind === "run.forked") this.pausedAt = 0;
    else if (isClosing(event.kind)) this.isClosed = true;
    if (event.kind === "update.completed") (this.#updates ??= new Set()).add(event.id);
    if ("ordinal" in event || this.isClosed) this.lastOwn = event.seq;
    if ("ordinal" in event) this.#record(event, asked);
    if ("key" in event && event.key !== undefined) this.#follow(event, event.key, asked);
  }

  at(ordinal: number): Recorded | undefined {
    return this.#recorded?.get(ordinal);
  }

  /** What the code once recorded under an ordinal. */
  valueAt(ordinal: number): Payload | undefined {
    const event = this.at(ordinal)?.event;
    return event?.kind === "value.recorded" ? event.value : undefined;
  }

  /** The next result that the code was given after it had seen `seq` (H3). */
  takeEarly(seq: number): Completed | undefined {
    const events = this.#early?.get(seq);
    const event = events?.shift();
    if (events?.length === 0) this.#early?.delete(seq);
    return event;
  }

  /** Is the attempt that began at `seq` still to be run? */
  takeStart(key: string, seq: number): boolean {
    return this.#starts?.get(key) === seq && this.#starts?.delete(key);
  }

  /** Had the journal, as it was handed over, an end of the operation or a request for one? */
  isSettled(key: string): boolean {
    return this.#settled?.has(key) ?? false;
  }

  isUpdateDone(id: string): boolean {
    return this.#updates?.has(id) ?? false;
  }

  #record(event: RunEvent & { readonly ordinal: number }, asked: number): void {
    const { ordinal } = event;
    if (ordinal > this.highest) this.highest = ordinal;
    if (ordinal <= asked) return;
    if (!this.#recorded?.has(ordinal)) {
      const recorded = recordedBy(event);
      if (recorded) (this.#recorded ??= new Map()).set(ordinal, recorded);
    }
    if (event.kind !== "step.completed" || !event.given) return;
    this.#early ??= new Map();
    const events = this.#early.get(event.given);
    if (events) events.push(event);
    else this.#early.set(event.given, [event]);
  }

  #follow(event: RunEvent, key: string, asked: number): void {
    switch (event.kind) {
      case "step.started":
        if (event.worker === undefined) (this.#starts ??= new Map()).set(key, event.seq);
        return;
      case "step.failed":
        this.#starts?.delete(key);
        return;
      case "step.completed":
      case "step.abandoned":
      case "step.cancelled":
        this.#starts?.delete(key);
        break;
      case "step.cancelRequested":
      case "timer.fired":
      case "timer.cancelled":
      case "wait.resolved":
      case "wait.timedOut":
      case "wait.cancelled":
      case "call.closed":
        break;
      default:
        return;
    }
    // Later, the operation itself knows.
    if (asked === 0) (this.#settled ??= new Set()).add(key);
  }
}

/** Remote steps are named by `step.scheduled`, which comes before their other events (H1). */
function recordedBy(event: RunEvent & { readonly ordinal: number }): Recorded | undefined {
  switch (event.kind) {
    case "step.completed":
    case "step.failed":
      return { kind: "step", key: event.key, detail: "", event };
    case "step.scheduled":
      return { kind: "task", key: event.key, detail: event.spec.task, event };
    case "timer.started":
      return { kind: "timer", key: event.key, detail: "", event };
    case "wait.started":
      return {
        kind: "wait",
        key: event.key,
        detail: `${event.on.type} ${nameOfWait(event.on)}`,
        event,
      };
    case "call.scheduled":
      return { kind: "call", key: event.key, detail: event.target.workflow, event };
    case "message.sent":
      return { kind: "message", key: event.key, detail: event.message.type, event };
    case "value.recorded":
      return { kind: "value", key: event.key, detail: "", event };
    case "state.written":
      return { kind: "state write", key: event.name, detail: "", event };
    case "state.cleared":
      return { kind: "state clear", key: event.name ?? "", detail: "", event };
    case "attributes.upserted":
      return { kind: "attributes", key: "", detail: "", event };
    default:
      return undefined;
  }
}
