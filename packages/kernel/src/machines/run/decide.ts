/**
 * `decide` for a run: which message leads where.
 *
 * A message to a run that is over changes nothing (invariant 7): whoever waits for an answer gets
 * an error, and what other machines report late is dropped.
 */
import type { RunSpec } from "../../events/run-events.ts";
import { FailureCode } from "../../failure.ts";
import { runStream } from "../../ids.ts";
import type { RunMessage } from "../../messages.ts";
import { takeAnswer } from "./answer.ts";
import {
  childClosed,
  childStarted,
  isRepeated,
  matched,
  received,
  stateValue,
} from "./arrivals.ts";
import { forkRun } from "./fork.ts";
import { importRun } from "./import.ts";
import { attach, cancel, pause, peek, resume, startRun, terminate } from "./life.ts";
import { beat, claim, lost, result } from "./tasks.ts";
import { pin, repin } from "./pin.ts";
import { refuse, reply, type RunTurn } from "./turn.ts";
import { wake } from "./wake.ts";

type Of<T extends RunMessage["type"]> = Extract<RunMessage, { type: T }>;

export function decideRun(turn: RunTurn, message: RunMessage): void {
  switch (message.type) {
    case "run.start":
      return startRun(turn, message);
    case "run.fork":
      return forkRun(turn, message);
    case "run.import":
      return importRun(turn, message);
    default:
  }
  const { spec } = turn.state;
  if (spec === undefined || isForeign(spec, message)) return unknown(turn, message);
  if (message.type === "run.attach") return attach(turn, message.listener);
  if (message.type === "run.peek") return peek(turn, message.listener);
  if (turn.state.outcome !== undefined) return over(turn, message);
  decideOpen(turn, message);
}

type OpenMessage = Exclude<
  RunMessage,
  { type: "run.start" | "run.fork" | "run.import" | "run.attach" | "run.peek" }
>;

function decideOpen(turn: RunTurn, message: OpenMessage): void {
  switch (message.type) {
    case "run.answer":
      takeAnswer(turn, message.answer);
      return reply(turn, message.request, { type: "ok" });
    case "step.claim":
      return claim(turn, message);
    case "step.beat":
      return beat(turn, message);
    case "step.result":
      return result(turn, message);
    case "step.lost":
      return lost(turn, message);
    case "run.pin":
      return pin(turn, message);
    case "run.repin":
      return repin(turn, message);
    case "run.signal":
      return received(turn, message);
    case "run.cancel":
      return cancel(turn, message);
    case "run.terminate":
      return terminate(turn, message);
    case "run.pause":
      return pause(turn, message);
    case "run.resume":
      return resume(turn, message);
    case "child.started":
      return childStarted(turn, message.key, message.runId);
    case "child.closed":
      return childClosed(turn, message.key, message.outcome);
    case "wait.match":
      return matched(turn, message);
    case "state.value":
      return stateValue(turn, message);
    case "wake":
      return wake(turn);
  }
}

/** Over the wall between namespaces a run is not there (T1). */
function isForeign(spec: RunSpec, message: RunMessage): boolean {
  return (
    "namespace" in message &&
    message.namespace !== undefined &&
    message.namespace !== spec.namespace
  );
}

function unknown(turn: RunTurn, message: RunMessage): void {
  if (message.type === "run.attach" || message.type === "run.peek") return nobody(turn, message);
  if (!("request" in message)) return;
  refuse(turn, message.request, "not-found", "no such run; check the id with `perdure runs list`");
}

function over(turn: RunTurn, message: OpenMessage): void {
  if (!("request" in message)) return;
  const status = turn.state.outcome?.status ?? "closed";
  // To cancel or terminate what is over is no mistake: two people may press the button.
  if (message.type === "run.cancel" || message.type === "run.terminate") {
    return reply(turn, message.request, { type: "ok" });
  }
  // Nor is a signal that was taken, whose sender has not heard the answer and asks again.
  if (message.type === "run.signal" && isRepeated(turn.state, message.signal)) {
    return reply(turn, message.request, { type: "ok" });
  }
  const stale = message.type.startsWith("step.");
  refuse(
    turn,
    message.request,
    stale ? "stale" : "already-closed",
    `the run is closed (${status}) and does not change any more; start or fork a new one`,
    { status },
  );
}

/** Whoever waits for a run that retention has forgotten must not wait for ever. */
function nobody(turn: RunTurn, asked: Of<"run.attach" | "run.peek">): void {
  const { listener, namespace } = asked;
  if (asked.type === "run.attach" && asked.ifThere === true) return;
  const message = "there is no such run, or its retention has passed";
  const outcome = { status: "failed", failure: { code: FailureCode.notFound, message } } as const;
  turn.effect({
    type: "send",
    to: runStream(listener.runId),
    message: {
      type: "child.closed",
      key: listener.key,
      outcome,
      ...(namespace === undefined ? {} : { namespace }),
    },
  });
}
