/**
 * Everything durable is a machine, and a machine is a pure function of its own past.
 *
 *     decide(turn, message)   reads the state, emits events, asks for effects
 *     evolve(state, event)    the only way a state changes
 *
 * The state is always the fold of the events (invariant 6). `emit` evolves at once, so that one
 * decision may build on what it has just decided; nothing else writes to a state, and a turn whose
 * batch is lost takes its state with it. Neither function has a clock, a source of random numbers
 * or any I/O: the time is `turn.at`, and ids follow from what they name.
 */
import type { Effect } from "../effects.ts";
import type { Recorded } from "../events/run-events.ts";

export interface Turn<State, Body> {
  readonly state: State;
  /** When the message was accepted, ms since epoch. Never goes back within a stream. */
  readonly at: number;
  emit(event: Body): void;
  effect(effect: Effect): void;
}

/** A stream's past position. */
export interface Position {
  /** The last event's number; 0 before the first. */
  readonly seq: number;
}

export interface Machine<State extends Position, Message, Body> {
  initial(): State;
  decide(turn: Turn<State, Body>, message: Message): void;
  /** Applies an event to the state it is given, which it owns. */
  evolve(state: State, event: Body & Recorded): void;
  /** The next moment at which the state wants a `wake` message, if any. */
  wakeAt(state: State): number | undefined;
  /** May the stream be forgotten? Its past holds nothing anybody could ask for. */
  isEmpty(state: State): boolean;
}

export interface Decided<Body> {
  readonly events: (Body & Recorded)[];
  readonly effects: Effect[];
}

/** Runs one decision on a state, which afterwards is the fold of its past and the new events. */
export function decide<State extends Position, Message, Body>(
  machine: Machine<State, Message, Body>,
  state: State,
  message: Message,
  at: number,
): Decided<Body> {
  const events: (Body & Recorded)[] = [];
  const effects: Effect[] = [];
  machine.decide(
    {
      state,
      at,
      emit(body) {
        // A fork's copied past has its own times, which may be ahead of this clock.
        const event = { seq: state.seq + 1, at: Math.max(at, events.at(-1)?.at ?? at), ...body };
        machine.evolve(state, event);
        events.push(event);
      },
      effect: (effect) => void effects.push(effect),
    },
    message,
  );
  return { events, effects };
}
