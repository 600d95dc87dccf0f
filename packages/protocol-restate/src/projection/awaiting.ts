/**
 * What a suspended invocation awaits, and whether that has come.
 *
 * W1  An attempt is worth making when what is awaited is resolved by all that is known, and something
 *     of it is new: a signal that was given before and taken does not resume an invocation again.
 * W2  A `run` of its own that nobody has proposed a result for can be completed by an attempt only:
 *     who awaits it can go on now.
 */
import type { Command } from "@perdure/kernel";
import type { Combinator, Future, MessageOf } from "../messages/messages.ts";
import { keyFor, nextOrdinal } from "./asking.ts";
import { CANCEL_INDEX, indexedSignal, signalName } from "./signal-names.ts";
import type { Arrival, JournalState } from "./state.ts";

/** Plain data, so that it can be kept while nothing else of the invocation is. */
export interface Awaited {
  readonly future: Future;
  /** The last event that the SDK was told of. */
  readonly through: number;
}

export interface Suspended {
  /** So that the kernel knows what the invocation waits for, and people can be told. */
  readonly commands: readonly Command[];
  readonly awaited: Awaited;
}

/** `through`: the last event that the attempt was given. */
export function suspensionOf(
  message: MessageOf<"suspension">,
  state: JournalState,
  through: number,
): Suspended {
  const { completions, signals, namedSignals, awaitingOn } = message;
  const any = {
    completions,
    signals,
    namedSignals,
    nested: [],
    combinator: "firstCompleted",
  } as const;
  const awaited = { future: awaitingOn ?? any, through };
  return { commands: waitCommands(awaited, state), awaited };
}

/** Waits for the signals that are awaited and have none; those for others are taken back. */
export function waitCommands({ future }: Awaited, state: JournalState): readonly Command[] {
  const wanted = new Set(signalsIn(future));
  // The first cancellation is the run's own, and needs no wait; a later one comes as a signal.
  if (state.isCancelRequested && awaitsCancel(future)) wanted.add(indexedSignal(CANCEL_INDEX));
  const commands: Command[] = [];
  for (const [name, key] of state.waits) {
    if (wanted.has(name)) continue;
    state.waits.delete(name);
    commands.push({ type: "wait.cancel", key });
  }
  for (const name of wanted) {
    if (state.waits.has(name)) continue;
    const { ordinal, markers } = nextOrdinal(state);
    const key = keyFor("signal-wait", [ordinal], "");
    state.waits.set(name, key);
    commands.push(...markers, { type: "wait.start", key, ordinal, on: { type: "signal", name } });
  }
  return commands;
}

/** By the kernel's names; that of the cancellation is not among them. */
export function signalsAwaited(future: Future): readonly string[] {
  return [...new Set(signalsIn(future))];
}

function* signalsIn(future: Future): Generator<string> {
  for (const index of future.signals) if (index !== CANCEL_INDEX) yield indexedSignal(index);
  for (const name of future.namedSignals) yield signalName({ type: "name", name });
  for (const nested of future.nested) yield* signalsIn(nested);
}

const awaitsCancel = ({ signals, nested }: Future): boolean =>
  signals.includes(CANCEL_INDEX) || nested.some(awaitsCancel);

/** Would an attempt get further than the one that suspended did? */
export function isResolved({ future, through }: Awaited, state: JournalState): boolean {
  const leaves = leavesOf(future, state);
  if (leaves.some((leaf) => leaf === "runnable")) return true;
  const isNews = (leaf: Leaf) => typeof leaf === "object" && leaf.seq > through;
  return leaves.some(isNews) && outcomeOf(future, state) !== "open";
}

type Leaf = Arrival | "runnable" | "open";
type Status = "succeeded" | "failed" | "open";

function leavesOf(future: Future, state: JournalState): Leaf[] {
  return [...ownLeaves(future, state), ...future.nested.flatMap((one) => leavesOf(one, state))];
}

function ownLeaves({ completions, signals, namedSignals }: Future, state: JournalState): Leaf[] {
  return [
    ...completions.map((id) => completionOf(id, state)),
    ...signals.map((index) => state.signals.get(indexedSignal(index)) ?? "open"),
    ...namedSignals.map((name) => state.signals.get(signalName({ type: "name", name })) ?? "open"),
  ];
}

/** W2 */
function completionOf(id: number, state: JournalState): Leaf {
  const arrival = state.completions.get(id);
  if (arrival !== undefined) return arrival;
  const run = state.runs.get(id);
  return run !== undefined && !run.isProposed ? "runnable" : "open";
}

function outcomeOf(future: Future, state: JournalState): Status {
  const own = ownLeaves(future, state).map(statusOf);
  const nested = future.nested.map((one) => outcomeOf(one, state));
  return combined(future.combinator, [...own, ...nested]);
}

function statusOf(leaf: Leaf): Status {
  if (typeof leaf === "string") return "open";
  return leaf.isFailure ? "failed" : "succeeded";
}

/** As `Promise.race`, `allSettled`, `any` and `all` are settled. */
function combined(combinator: Combinator, all: readonly Status[]): Status {
  const has = (status: Status) => all.includes(status);
  switch (combinator) {
    case "unknown":
    case "firstCompleted":
      return all.find((status) => status !== "open") ?? "open";
    case "allCompleted":
      return has("open") ? "open" : "succeeded";
    case "firstSucceededOrAllFailed":
      if (has("succeeded")) return "succeeded";
      return has("open") ? "open" : "failed";
    case "allSucceededOrFirstFailed":
      if (has("failed")) return "failed";
      return has("open") ? "open" : "succeeded";
  }
}
