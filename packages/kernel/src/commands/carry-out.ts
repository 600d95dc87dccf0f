/**
 * From a command to its events: a table, one function per command, each in its file.
 *
 * A function returns undefined when the command stands, or a sentence that says how it
 * contradicts the journal.
 */
import type { RunTurn } from "../machines/run/turn.ts";
import { hasOrdinal } from "../machines/run/ordinals.ts";
import { startCall, cancelCall } from "./call.ts";
import type { Command } from "./command.ts";
import { continueRun } from "./continue.ts";
import { completeLocal, failLocal } from "./local-step.ts";
import { recordValue, upsertAttributes } from "./record.ts";
import { cancelStep, scheduleStep } from "./remote-step.ts";
import { send } from "./send.ts";
import { clearState, readState, writeState } from "./state.ts";
import { cancelTimer, startTimer } from "./timer.ts";
import { acceptUpdate, completeUpdate } from "./update.ts";
import { cancelWait, startWait } from "./wait.ts";
import { closeRun } from "../machines/run/close.ts";

export function carryOut(turn: RunTurn, command: Command): string | undefined {
  if ("ordinal" in command && isTaken(turn, command)) {
    return isAnswered(command) ? undefined : taken(turn, command);
  }
  switch (command.type) {
    case "step.complete":
      return completeLocal(turn, command);
    case "step.fail":
      return failLocal(turn, command);
    case "step.schedule":
      return void scheduleStep(turn, command);
    case "step.cancel":
      return void cancelStep(turn, command);
    case "timer.start":
      return void startTimer(turn, command);
    case "timer.cancel":
      return void cancelTimer(turn, command);
    case "wait.start":
      return startWait(turn, command);
    case "wait.cancel":
      return void cancelWait(turn, command);
    case "call.start":
      return void startCall(turn, command);
    case "call.cancel":
      return void cancelCall(turn, command);
    case "send":
      return void send(turn, command);
    case "state.write":
      return writeState(turn, command);
    case "state.clear":
      return clearState(turn, command);
    case "state.read":
      return readState(turn, command);
    case "attributes.upsert":
      return void upsertAttributes(turn, command);
    case "value.record":
      return void recordValue(turn, command);
    case "update.accept":
      return void acceptUpdate(turn, command);
    case "update.complete":
      return void completeUpdate(turn, command);
    default:
      return void end(turn, command);
  }
}

type Ending = Extract<
  Command,
  { type: "run.complete" | "run.fail" | "run.cancel" | "run.continue" | "run.pause" }
>;

function end(turn: RunTurn, command: Ending): void {
  switch (command.type) {
    case "run.complete":
      return closeRun(turn, { kind: "run.completed", output: command.output });
    case "run.fail":
      return closeRun(turn, { kind: "run.failed", failure: command.failure });
    case "run.cancel":
      return closeRun(turn, { kind: "run.cancelled", failure: command.failure });
    case "run.continue":
      return continueRun(turn, command);
    case "run.pause": {
      const { reason, message, key } = command;
      if (turn.state.paused) return;
      return turn.emit({
        kind: "run.paused",
        reason,
        message,
        ...(key === undefined ? {} : { key }),
      });
    }
  }
}

/**
 * A read leaves no event before its answer does. So a later hold may ask for what an earlier one
 * had asked for, and find it answered meanwhile: the recorded value serves both.
 */
function isAnswered({ type }: Command): boolean {
  return type === "state.read";
}

/** Further attempts of a local step come back under the ordinal of the first. */
function isTaken(turn: RunTurn, command: Extract<Command, { ordinal: number }>): boolean {
  if (!hasOrdinal(turn.state.asked, command.ordinal)) {
    return "key" in command && turn.state.operations.has(command.key);
  }
  if (command.type !== "step.complete" && command.type !== "step.fail") return true;
  return turn.state.operations.get(command.key)?.ordinal !== command.ordinal;
}

function taken(turn: RunTurn, command: Extract<Command, { ordinal: number }>): string {
  const name = "key" in command ? `"${command.key}"` : command.type;
  const open = "key" in command ? turn.state.operations.get(command.key) : undefined;
  const recorded = open
    ? `${open.type} "${open.key}" as operation ${open.ordinal}`
    : `another operation ${command.ordinal}, which has ended`;
  return `the journal holds ${recorded}, the code now asks ${command.type} ${name} as operation ${command.ordinal}`;
}
