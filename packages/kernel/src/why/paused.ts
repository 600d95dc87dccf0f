/** A run that stands still until a person resumes it. */
import type { RunState } from "../machines/run/state.ts";
import type { Cure, Waiting } from "./explanation.ts";
import { cure } from "./shell.ts";
import { firstLine } from "./steps.ts";

export function explainPause(state: RunState): Waiting {
  const { spec, paused } = state;
  const { reason = "operator", message = "", by, since = state.at, key } = paused ?? {};
  const step = key === undefined ? undefined : state.operations.get(key);
  const failing = step?.type === "step" ? step.failing : undefined;
  const rest = message.slice(firstLine(message).length + 1);
  const who = by ?? "an operator";
  const texts = {
    operator: `is paused by ${who}: ${firstLine(message)}`,
    nondeterminism: `is paused, for its code is not the code that wrote its journal: ${diff(message)}`,
    exhausted: `is paused, for a step has no attempts left: ${firstLine(message)}`,
    code: `is paused, for its code cannot be run: ${firstLine(message)}`,
  } as const;
  return {
    on: "person",
    text: texts[reason],
    ...(rest === "" ? {} : { detail: message }),
    since,
    ...(key === undefined ? {} : { key }),
    ...(by === undefined ? {} : { by }),
    ...(failing === undefined ? {} : { failing }),
    ...(state.activationFailure === undefined ? {} : { lastFailure: state.activationFailure }),
    cures: curesOf(reason, spec?.runId ?? ""),
  };
}

/** The lines of a diff, on one. */
function diff(message: string): string {
  const lines = message.split("\n").map((line) => line.trim().replace(/:\s+/, " "));
  return lines.slice(0, Math.max(1, lines.length - 1)).join("; ");
}

function curesOf(
  reason: NonNullable<RunState["paused"]>["reason"],
  runId: string,
): readonly Cure[] {
  const resume = (text: string): Cure => cure(text, "runs resume", runId);
  switch (reason) {
    case "operator":
      return [resume("lets it go on")];
    case "nondeterminism":
      return [
        cure("put the code back, or guard the change with ctx.patched(id), and deploy it"),
        resume("then lets it go on from where it stands"),
      ];
    case "exhausted":
      return [resume("when what made the step fail is cured: tries it again, with fresh attempts")];
    case "code":
      return [
        cure("deploy code that can run this workflow"),
        resume("then lets it go on from where it stands"),
      ];
  }
}
