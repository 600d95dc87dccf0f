/** Telling whoever asked that there will be no run: the caller, the parent, the machine to notify. */
import type { OperationRef, Outcome, RunSpec } from "../../../events/run-events.ts";
import type { ErrorCode } from "../../../errors.ts";
import { FailureCode } from "../../../failure.ts";
import type { StreamId } from "../../../ids.ts";
import { runStream } from "../../../ids.ts";
import type { JsonObject } from "../../../payload.ts";
import { replyError } from "../../reply.ts";
import type { KeyMessageOf, KeyTurn } from "../state.ts";

/** A refused start: the caller gets an error, a parent its call back as failed. */
export function refuse(
  turn: KeyTurn,
  message: KeyMessageOf<"key.start">,
  code: ErrorCode,
  text: string,
  detail?: JsonObject,
): void {
  const failure = {
    code: code === "already-exists" ? FailureCode.alreadyStarted : code,
    message: text,
    retryable: false,
  };
  replyError(turn, message, code, text, detail);
  tellClosed(turn, message.spec, { status: "failed", failure });
}

/** Everybody named by the spec who would have heard the run's end hears this instead. */
export function tellClosed(turn: KeyTurn, spec: RunSpec, outcome: Outcome): void {
  if (spec.parent !== undefined) tellListener(turn, spec.parent, outcome);
  if (spec.notify !== undefined) sendClosed(turn, spec.notify.stream, spec.notify.key, outcome);
}

export function tellListener(turn: KeyTurn, listener: OperationRef, outcome: Outcome): void {
  sendClosed(turn, runStream(listener.runId), listener.key, outcome);
}

function sendClosed(turn: KeyTurn, to: StreamId, key: string, outcome: Outcome): void {
  turn.effect({ type: "send", to, message: { type: "child.closed", key, outcome } });
}
