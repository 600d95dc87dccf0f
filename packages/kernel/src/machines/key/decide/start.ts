/** `key.start`: a new run, an existing one, a place in the inbox, or a refusal (K5). */
import { unreachable } from "../../../errors.ts";
import type { Outcome } from "../../../events/run-events.ts";
import type { RunId } from "../../../ids.ts";
import { runStream } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import type { ReusePolicy } from "../../../messages.ts";
import { reply } from "../../reply.ts";
import type { Pending } from "../events.ts";
import type { Current, KeyMessageOf, KeyTurn } from "../state.ts";
import { openRun } from "../state.ts";
import { answeredBefore, joinAgain, joinOther } from "./join.ts";
import { launch, withoutDelay } from "./launch.ts";
import { refuse } from "./refuse.ts";

type Start = KeyMessageOf<"key.start">;

export function start(turn: KeyTurn, message: Start): void {
  const known = answeredBefore(turn, message);
  if (known !== undefined) return joinAgain(turn, message, known);
  switch (message.mode) {
    case "single":
      return startSingle(turn, message);
    case "exclusive":
      return startExclusive(turn, message);
    case "shared":
      return startNew(turn, message);
    default:
      return unreachable(message.mode);
  }
}

function startSingle(turn: KeyTurn, message: Start): void {
  const { current } = turn.state;
  const open = openRun(turn.state);
  if (open !== undefined) return meetOpen(turn, message, open);
  if (current === undefined || mayReuse(message.reuse, current)) return startNew(turn, message);
  refuse(
    turn,
    message,
    "already-exists",
    `Run ${current.runId} had this key and is ${current.status}, and reuse is ` +
      `"${message.reuse}": start under another id, or with reuse "allow".`,
    { runId: current.runId },
  );
}

function meetOpen(turn: KeyTurn, message: Start, open: RunId): void {
  switch (message.conflict) {
    case "useExisting":
      return joinOther(turn, message, open);
    case "terminateExisting": {
      const reason = `replaced by run ${message.spec.runId}`;
      const terminate = { type: "run.terminate", reason } as const;
      turn.effect({ type: "send", to: runStream(open), message: terminate });
      return startNew(turn, message);
    }
    case "fail":
      return refuse(
        turn,
        message,
        "already-exists",
        `Run ${open} is open under this key: wait for its end, start under another id, or ` +
          `start with conflict "useExisting" or "terminateExisting".`,
        { runId: open },
      );
    default:
      return unreachable(message.conflict);
  }
}

const failed: readonly (Outcome["status"] | undefined)[] = [
  "failed",
  "cancelled",
  "terminated",
  "timedOut",
];

function mayReuse(reuse: ReusePolicy, { status }: Current): boolean {
  return reuse === "allow" || (reuse === "allowAfterFailure" && failed.includes(status));
}

function startNew(turn: KeyTurn, message: Start): void {
  launch(turn, message.mode, pendingOf(message));
  replyNew(turn, message);
}

/** An exclusive run's `startAt` is waited for here, so that it does not hold the key meanwhile. */
function startExclusive(turn: KeyTurn, message: Start): void {
  const { state, at } = turn;
  const pending = pendingOf(message);
  const isDelayed = (message.spec.startAt ?? 0) > at;
  const now = { ...pending, spec: withoutDelay(pending.spec) };
  if (!isDelayed && openRun(state) === undefined) {
    launch(turn, "exclusive", now);
  } else if (state.inbox.length + state.delayed.length >= limits.keyInbox) {
    const text = `${limits.keyInbox} starts wait for this key already: try again later.`;
    return refuse(turn, message, "overloaded", text);
  } else if (isDelayed) {
    turn.emit({ kind: "key.delayed", pending });
  } else {
    turn.emit({ kind: "key.queued", pending: now });
  }
  replyNew(turn, message);
}

function replyNew(turn: KeyTurn, message: Start): void {
  reply(turn, message, { type: "run", runId: message.spec.runId, existing: false });
}

function pendingOf({ spec, signal }: Start): Pending {
  return signal === undefined ? { spec } : { spec, signal };
}
