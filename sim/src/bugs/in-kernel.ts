/** Bugs in decisions: machines that see another message or another past than they have. */
import { runMachine, type RunMessage, type RunState } from "@perdure/kernel";
import { bentDecide, bentTurn } from "./bent-machines.ts";
import type { Bug } from "./bug.ts";

export const noSignalDedupe: Bug = {
  name: "no-signal-dedupe",
  harm: "a signal that was sent again counts twice",
  withinSeeds: 20,
  plant: () =>
    bentDecide(runMachine, (decide) => (turn, message) => {
      if (message.type === "run.signal") (turn.state.signalIds as Set<string>).clear();
      decide(turn, message);
    }),
};

export const closedAttempt: Bug = {
  name: "closed-attempt",
  harm: "the result of an attempt that was given up is taken for the present one's",
  withinSeeds: 2_000,
  plant: () =>
    bentDecide(runMachine, (decide) => (turn, message) => {
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
    bentDecide(runMachine, (decide) => (turn, message) => {
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
    bentDecide(runMachine, (decide) => (turn, message) => {
      const isOdd = turn.state.seq % 2 === 1;
      if (message.type !== "child.closed" || isOdd) decide(turn, message);
    }),
};

export const earlyTimer: Bug = {
  name: "early-timer",
  harm: "what is to happen within a minute happens with what is due now",
  withinSeeds: 40,
  plant: () =>
    bentDecide(runMachine, (decide) => (turn, message) => {
      decide(message.type === "wake" ? bentTurn(turn, { at: turn.at + 60_000 }) : turn, message);
    }),
};

export const forgetfulRetries: Bug = {
  name: "forgetful-retries",
  harm: "a step is tried again though its attempts are used up",
  withinSeeds: 100,
  plant: () =>
    bentDecide(runMachine, (decide) => (turn, message) => {
      for (const step of turn.state.operations.values()) {
        if (step.type === "step")
          (step as { attemptsBefore: number }).attemptsBefore = step.attempt;
      }
      decide(turn, message);
    }),
};

export const forkShort: Bug = {
  name: "fork-short",
  harm: "a fork begins one event earlier than it was asked to",
  withinSeeds: 40,
  plant: () =>
    bentDecide(runMachine, (decide) => (turn, message) => {
      if (message.type !== "run.fork" || message.prefix.length < 2) return decide(turn, message);
      decide(turn, { ...message, prefix: message.prefix.slice(0, -1) });
    }),
};
