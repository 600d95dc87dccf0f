/**
 * An activation's answer: commands in the order of the code, then word that it waits or that it
 * could not be run.
 *
 * A command that contradicts the journal means that this code is not the code that wrote it. The
 * run is then paused, never failed (invariant 9); what came before in the answer stands.
 */
import type { ActivationAnswer } from "../../commands/command.ts";
import { carryOut } from "../../commands/carry-out.ts";
import { overTheWall } from "../../commands/wall.ts";
import { FailureCode, type Failure } from "../../failure.ts";
import { limits } from "../../limits.ts";
import { retryDelayMs, type RetryPolicy } from "../../retry.ts";
import { specOf, type RunTurn } from "./turn.ts";

/** Code that cannot be run is tried again without end: a deployment may cure it. */
const activationRetry: RetryPolicy = {
  initialMs: 1_000,
  factor: 2,
  maxIntervalMs: 60_000,
  maxAttempts: 0,
};

export function takeAnswer(turn: RunTurn, answer: ActivationAnswer): void {
  const { state } = turn;
  const refusal = tooMuch(turn, answer);
  if (refusal !== undefined) return pauseFor(turn, FailureCode.limitExceeded, refusal);
  let through = answer.through ?? 0;
  for (const command of answer.commands) {
    if (state.outcome) return;
    const hasSeenAll = state.wakeSeq <= through;
    const refused = overTheWall(specOf(state).namespace, command);
    if (refused !== undefined) return pauseFor(turn, FailureCode.forbidden, refused);
    const conflict = carryOut(turn, command);
    if (conflict !== undefined) return pauseFor(turn, FailureCode.nondeterminism, conflict);
    // A result that the code was given before it was on disk need not be shown to it.
    const isSeen = command.type === "step.complete" && command.given !== undefined;
    if (hasSeenAll && isSeen) through = state.seq;
    if (state.operations.size > limits.runOpenOperations) {
      return pauseFor(turn, FailureCode.limitExceeded, tooManyOpen);
    }
  }
  if (state.outcome) return;
  if (answer.failure) return failActivation(turn, answer.failure);
  if (answer.through !== undefined && through > state.through) {
    turn.emit({ kind: "activation.completed", through: Math.min(through, state.seq) });
  }
}

function tooMuch(turn: RunTurn, { commands }: ActivationAnswer): string | undefined {
  const { state } = turn;
  if (state.seq + commands.length > limits.runEvents) {
    return `the journal would pass ${limits.runEvents} events; end the run earlier or continue it as new`;
  }
  if (commands.length > limits.answerCommands) {
    return `the code asked for ${commands.length} operations in one turn, the limit is ${limits.answerCommands}; await some before asking for more`;
  }
  return undefined;
}

const tooManyOpen = `the run has more than ${limits.runOpenOperations} open operations; await some before asking for more`;

function failActivation(turn: RunTurn, failure: Failure): void {
  if (failure.code === FailureCode.nondeterminism) {
    return pauseFor(turn, failure.code, failure.message, failure);
  }
  const attempt = turn.state.activationFailures + 1;
  const delayMs = retryDelayMs(activationRetry, attempt, failure);
  const event = { kind: "activation.failed", attempt, failure } as const;
  if (delayMs !== undefined) return turn.emit({ ...event, retryAt: turn.at + delayMs });
  turn.emit(event);
  if (turn.state.paused) return;
  turn.emit({ kind: "run.paused", reason: "code", message: failure.message });
}

function pauseFor(turn: RunTurn, code: string, message: string, failure?: Failure): void {
  const attempt = turn.state.activationFailures + 1;
  turn.emit({ kind: "activation.failed", attempt, failure: failure ?? { code, message } });
  const reason = code === FailureCode.nondeterminism ? "nondeterminism" : "code";
  turn.emit({ kind: "run.paused", reason, message });
}
