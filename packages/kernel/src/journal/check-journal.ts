/**
 * A journal from a file or a wire, before anybody believes it.
 *
 * J1  It is one that the run machine could have written, as far as its fold can tell: numbers
 *     without a gap, times that do not go back, operations opened once and closed while open.
 * J2  It says what its spec says: the last event that began the run holds the same one.
 * J3  Whatever it holds, the check ends with a journal or with a refusal that names the event.
 */
import { PerdureError } from "../errors.ts";
import type { RunEvent, RunSpec } from "../events/run-events.ts";
import { limits } from "../limits.ts";
import { isClosing } from "../machines/run/closing.ts";
import { evolveRun } from "../machines/run/evolve.ts";
import { hasOrdinal } from "../machines/run/ordinals.ts";
import { alarmKeys, initialRun, type Operation, type RunState } from "../machines/run/state.ts";
import { isObject } from "./checks.ts";
import { checkEvent, checkSpec } from "./event-shapes.ts";
import { isSame } from "./same.ts";

export interface Journal {
  readonly spec: RunSpec;
  readonly events: readonly RunEvent[];
}

/** What the journal adds up to; throws `invalid-argument` or `limit-exceeded`. */
export function checkJournal(value: unknown): {
  readonly journal: Journal;
  readonly state: RunState;
} {
  if (!isObject(value) || !Array.isArray(value["events"])) {
    throw unfit('it is not a journal; write it with "perdure export"');
  }
  const problem = checkSpec(value["spec"]);
  if (problem !== undefined) throw unfit(`its spec${/^[.[]/.test(problem) ? "" : " "}${problem}`);
  const journal = { spec: value["spec"], events: value["events"] } as Journal;
  const { spec, events } = journal;
  if (events.length > limits.runEvents) {
    const text = `The journal has ${events.length} events, the limit is ${limits.runEvents}.`;
    throw new PerdureError("limit-exceeded", text);
  }
  const state = initialRun();
  const signals = new Set<number>();
  for (const [index, event] of events.entries()) take(state, signals, event, index + 1);
  if (!isSame(state.spec, spec)) {
    throw unfit("its spec is not the one in the last event that began the run");
  }
  checkSize(state);
  return { journal, state };
}

function take(state: RunState, signals: Set<number>, event: RunEvent, place: number): void {
  const shape = checkEvent(event);
  const { kind, seq } = isObject(event) ? (event as Partial<RunEvent>) : {};
  const named = typeof kind === "string" ? ` (${kind.slice(0, 40)})` : "";
  const fail = (problem: string): never => {
    throw unfit(`event ${place}${named}${/^[.[]/.test(problem) ? "" : " "}${problem}`);
  };
  if (shape !== undefined) return fail(shape);
  if (seq !== place) return fail(`says that it is event ${seq}: one is missing or there twice`);
  const problem = contradiction(state, event) ?? ofSignal(state, signals, event);
  if (problem !== undefined) return fail(problem);
  try {
    evolveRun(state, event);
  } catch (error) {
    return fail(`does not follow: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (kind === "signal.received") signals.add(place);
}

/** How an event does not follow from those before it. */
function contradiction(state: RunState, event: RunEvent): string | undefined {
  if (event.at < state.at) return "is earlier than the event before it";
  if (state.outcome !== undefined) return "comes after the run had closed";
  if ((event.kind === "run.started") !== (state.seq === 0)) {
    return state.seq === 0 ? "is the first, which must be run.started" : "begins the run again";
  }
  if (event.kind === "run.forked" && event.through !== state.seq) {
    return `was forked after event ${event.through}, which is not the one before it`;
  }
  if (event.kind === "activation.completed" && event.through > state.seq) {
    return "has seen events that were not there yet";
  }
  if (isClosing(event.kind)) return undefined;
  return ofOperation(state, event);
}

/** By the kind's first word, where the event is about an operation that is open. */
const about: Readonly<Record<string, Operation["type"]>> = {
  step: "step",
  timer: "timer",
  wait: "wait",
  call: "call",
};
const opening: ReadonlySet<string> = new Set([
  "step.scheduled",
  "timer.started",
  "wait.started",
  "call.scheduled",
]);

function ofOperation(state: RunState, event: RunEvent): string | undefined {
  const type = about[event.kind.slice(0, event.kind.indexOf("."))];
  const open =
    "key" in event && event.key !== undefined ? state.operations.get(event.key) : undefined;
  if ("ordinal" in event) {
    const isItsOwn = open?.type === "step" && open.ordinal === event.ordinal;
    const isOutcome = event.kind === "step.completed" || event.kind === "step.failed";
    if (isOutcome && open !== undefined) return isItsOwn ? undefined : "is of another step";
    if (hasOrdinal(state.asked, event.ordinal)) return `has an ordinal that was there before`;
    if (type !== undefined && open !== undefined) return "opens an operation that is open";
    return undefined;
  }
  if (type === undefined || opening.has(event.kind) || !("key" in event)) return undefined;
  if (event.kind === "timer.fired" && event.key === alarmKeys.start) return undefined;
  return open?.type === type ? undefined : `is about a ${type} that is not open`;
}

/** A worker that replays looks there for what the wait was given. */
function ofSignal(
  state: RunState,
  signals: ReadonlySet<number>,
  event: RunEvent,
): string | undefined {
  if (event.kind !== "wait.resolved" || event.signal === undefined) return undefined;
  return signals.has(event.signal)
    ? undefined
    : `was resolved by event ${event.signal} of ${state.seq}, which is no signal`;
}

function checkSize({ operations, bufferedSignals }: RunState): void {
  if (operations.size > limits.runOpenOperations) {
    const text = `The run has ${operations.size} operations open, the limit is ${limits.runOpenOperations}.`;
    throw new PerdureError("limit-exceeded", text);
  }
  if (bufferedSignals > limits.runBufferedSignals) {
    const text = `The run holds ${bufferedSignals} signals, the limit is ${limits.runBufferedSignals}.`;
    throw new PerdureError("limit-exceeded", text);
  }
}

function unfit(problem: string): PerdureError {
  return new PerdureError("invalid-argument", `The journal is not as it should be: ${problem}.`);
}
