/** Machines that decide otherwise until the simulation is over. */
import type { Machine, Position, Turn } from "@perdure/kernel";
import type { Planted } from "./bug.ts";

type Decide<S extends Position, M, B> = Machine<S, M, B>["decide"];

export function bentDecide<S extends Position, M, B>(
  machine: Machine<S, M, B>,
  bend: (decide: Decide<S, M, B>) => Decide<S, M, B>,
): Planted {
  const original = { ...machine };
  machine.decide = bend((turn, message) => original.decide(turn, message));
  return { remove: () => void Object.assign(machine, original) };
}

/** The turn as it is, but for what is changed. */
export function bentTurn<S, B>(
  turn: Turn<S, B>,
  changes: Partial<Pick<Turn<S, B>, "state" | "at">>,
): Turn<S, B> {
  return {
    state: turn.state,
    at: turn.at,
    emit: (event) => turn.emit(event),
    effect: (effect) => turn.effect(effect),
    ...changes,
  };
}
