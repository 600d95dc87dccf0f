/** Bugs in decisions: machines that see another message or another past than they have. */
import { runMachine, type RunMessage, type RunState } from "@perdure/kernel";
import type { Bug, Planted } from "./bug.ts";

type Decide = typeof runMachine.decide;

/** Replaces how runs decide until the simulation is over. */
function bentDecide(bend: (decide: Decide) => Decide): Planted {
  const original = { ...runMachine };
  runMachine.decide = bend((turn, message) => original.decide(turn, message));
  return { remove: () => void Object.assign(runMachine, original) };
}

export const noSignalDedupe: Bug = {
  name: "no-signal-dedupe",
  harm: "a signal that was sent again counts twice",
  withinSeeds: 20,
  plant: () =>
    bentDecide((decide) => (turn, message) => {
      if (message.type === "run.signal") (turn.state.signalIds as Set<string>).clear();
      decide(turn, message);
    }),
};

export const closedAttempt: Bug = {
  name: "closed-attempt",
  harm: "the result of an attempt that was given up is taken for the present one's",
  withinSeeds: 1_000,
  plant: () =>
    bentDecide((decide) => (turn, message) => {
      decide(turn, message.type === "step.result" ? forgiving(turn.state, message) : message);
    }),
};

type Result = Extract<RunMessage, { type: "step.result" }>;

/** As if the step's open attempt, whichever it is, had been out and had ended so. */
function forgiving(state: RunState, message: Result): Result {
  const step = state.operations.get(message.key);
  if (step?.type !== "step" || step.attempt === message.attempt) return message;
  (step as { phase: string }).phase = "running";
  return { ...message, attempt: step.attempt };
}

export const undoSkipped: Bug = {
  name: "undo-skipped",
  harm: "a cancelled run ends at once and takes nothing back",
  withinSeeds: 300,
  plant: () =>
    bentDecide((decide) => (turn, message) => {
      if (message.type !== "run.cancel" || turn.state.outcome) return decide(turn, message);
      const state = turn.state as { begun: boolean };
      state.begun = false;
      decide(turn, message);
    }),
};

export const forgetfulCall: Bug = {
  name: "forgetful-call",
  harm: "a child ends and its parent never hears of it",
  withinSeeds: 20,
  plant: () =>
    bentDecide((decide) => (turn, message) => {
      const isOdd = turn.state.seq % 2 === 1;
      if (message.type !== "child.closed" || isOdd) decide(turn, message);
    }),
};
