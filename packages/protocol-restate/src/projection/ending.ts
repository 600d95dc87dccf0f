/** How an invocation ends: what its code has put out becomes the run's outcome. */
import type { Command } from "@perdure/kernel";
import type { ValueOrFailure } from "../messages/messages.ts";
import { CANCELLED, failureOf } from "./failures.ts";
import { payloadOf } from "./payloads.ts";
import type { JournalState } from "./state.ts";

/** The kernel tells an invocation that was cancelled from one that failed. */
export function endOf(output: ValueOrFailure, { isCancelRequested }: JournalState): Command {
  if (output.type === "value") return { type: "run.complete", output: payloadOf(output.value) };
  const failure = failureOf(output.failure);
  const isCancelled = isCancelRequested && output.failure.code === CANCELLED;
  return { type: isCancelled ? "run.cancel" : "run.fail", failure };
}
