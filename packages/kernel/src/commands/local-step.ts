/**
 * A local step ran inside the activation; this is its outcome.
 *
 * The code may have been given a result before it was on disk. A replay gives it where the event
 * stands, and where that is another place than it was, the event says after which one it was given:
 * so does every result that came to the code after it and before an event that stands between.
 */
import type { RunState, StepOperation } from "../machines/run/state.ts";
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
  const given = placeOf(turn.state, command.given);
  turn.emit({
    kind: "step.completed",
    key,
    ordinal,
    name,
    attempt,
    output,
    ...((command.maybeRan || known?.maybeRan) && { maybeRan: true }),
    ...(given !== undefined && { given }),
  });
  return undefined;
}

/** Where the result was given, if that is not where its event will stand. */
function placeOf({ seq, inOrder }: RunState, given: number | undefined): number | undefined {
  if (given === undefined || given === 0) return given;
  // Results that were given before it come before it in a replay, too.
  const place = inOrder > given ? inOrder : given;
  return place === seq ? undefined : place;
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
