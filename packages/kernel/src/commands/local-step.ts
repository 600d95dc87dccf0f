/** A local step ran inside the activation; this is its outcome. */
import type { StepOperation } from "../machines/run/state.ts";
import { failAttempt } from "../machines/run/tasks.ts";
import type { RunTurn } from "../machines/run/turn.ts";
import type { CommandOf } from "./command.ts";

export function completeLocal(
  turn: RunTurn,
  command: CommandOf<"step.complete">,
): string | undefined {
  const known = knownAttempt(turn, command);
  if (typeof known === "string") return known;
  const { key, ordinal, name, attempt, output } = command;
  const event = { kind: "step.completed", key, ordinal, name, attempt, output } as const;
  turn.emit(command.maybeRan || known?.maybeRan ? { ...event, maybeRan: true } : event);
  return undefined;
}

/** The first failure brings the policy along; from then on the kernel keeps the step. */
export function failLocal(turn: RunTurn, command: CommandOf<"step.fail">): string | undefined {
  const known = knownAttempt(turn, command);
  if (typeof known === "string") return known;
  const { key, ordinal, name, attempt, failure, retry } = command;
  const step = known ?? { key, ordinal, name, attempt, retry, ...unheardOf };
  const maybeRan = step.maybeRan || command.maybeRan === true;
  failAttempt(turn, { ...step, maybeRan }, failure, known ? {} : { retry });
  return undefined;
}

const unheardOf = { attemptsBefore: 0, cancelRequested: false, maybeRan: false };

function knownAttempt(
  turn: RunTurn,
  command: CommandOf<"step.complete" | "step.fail">,
): StepOperation | string | undefined {
  const open = turn.state.operations.get(command.key);
  if (open === undefined) return undefined;
  if (open.type === "step" && !open.spec && open.attempt === command.attempt) return open;
  return `the journal holds ${open.type} "${open.key}"${open.type === "step" ? ` at attempt ${open.attempt}` : ""}, the code answers for attempt ${command.attempt} of a local step`;
}
