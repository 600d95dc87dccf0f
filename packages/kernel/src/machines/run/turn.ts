import type { RunEventBody, RunSpec } from "../../events/run-events.ts";
import { invariant, type ErrorCode } from "../../errors.ts";
import type { RequestId } from "../../messages.ts";
import type { JsonObject } from "../../payload.ts";
import type { Reply } from "../../effects.ts";
import type { Turn } from "../machine.ts";
import type { RunState } from "./state.ts";

export type RunTurn = Turn<RunState, RunEventBody>;

export function specOf(state: RunState): RunSpec {
  invariant(state.spec, "a run that has not started was asked to act");
  return state.spec;
}

export function reply(turn: RunTurn, request: RequestId | undefined, answer: Reply): void {
  if (request !== undefined) turn.effect({ type: "reply", request, reply: answer });
}

export function refuse(
  turn: RunTurn,
  request: RequestId | undefined,
  code: ErrorCode,
  message: string,
  detail?: JsonObject,
): void {
  reply(turn, request, { type: "error", code, message, ...(detail ? { detail } : {}) });
}
