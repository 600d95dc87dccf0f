/** A time has come: the overlap policy says whether its run starts, waits, or is skipped (C1). */
import { unreachable } from "../../../errors.ts";
import type { RunSpec } from "../../../events/run-events.ts";
import type { KeyRef } from "../../../ids.ts";
import { derivedRunId, keyStream, runStream, scheduleStream, slotOfKey } from "../../../ids.ts";
import { limits } from "../../../limits.ts";
import type { SkipReason } from "../events.ts";
import { isoTime } from "../iso-time.ts";
import type { ScheduleSpec } from "../spec.ts";
import type { Due, ScheduleTurn } from "../state.ts";

export type Taken = "started" | "buffered" | "skipped";

export function take(turn: ScheduleTurn, spec: ScheduleSpec, due: Due): Taken {
  const { running, buffer } = turn.state;
  if (running.size === 0 || due.overlap === "allowAll") return begin(turn, spec, due);
  switch (due.overlap) {
    case "skip":
      return skip(turn, due, "overlap");
    case "bufferOne":
      return buffer.length > 0 ? skip(turn, due, "buffered") : wait(turn, due);
    case "bufferAll":
      return buffer.length >= limits.scheduleBuffered
        ? skip(turn, due, "buffered")
        : wait(turn, due);
    case "cancelOther":
      return replace(turn, due, "run.cancel");
    case "terminateOther":
      return replace(turn, due, "run.terminate");
    default:
      return unreachable(due.overlap);
  }
}

/** Starts the first of the buffer that may start, when none is open (C2, C3). */
export function startBuffered(turn: ScheduleTurn): void {
  const { spec, running, buffer, paused } = turn.state;
  if (spec === undefined || running.size > 0) return;
  const due = buffer.find(({ manual }) => !paused || manual === true);
  if (due !== undefined) begin(turn, spec, due, true);
}

/** The newest waits for the end of the open ones and takes the place of all that waited. */
function replace(turn: ScheduleTurn, due: Due, type: "run.cancel" | "run.terminate"): Taken {
  const replaced = turn.state.buffer.map(({ nominalAt }) => nominalAt);
  for (const nominalAt of replaced) {
    turn.emit({ kind: "schedule.skipped", nominalAt, reason: "overlap", buffered: true });
  }
  const reason = `the schedule's run for ${isoTime(due.nominalAt)} is due`;
  for (const runId of turn.state.running.keys()) {
    turn.effect({ type: "send", to: runStream(runId), message: { type, reason } });
  }
  return wait(turn, due);
}

function wait(turn: ScheduleTurn, due: Due): Taken {
  turn.emit({ kind: "schedule.buffered", ...due });
  return "buffered";
}

function skip(turn: ScheduleTurn, { nominalAt }: Due, reason: SkipReason): Taken {
  turn.emit({ kind: "schedule.skipped", nominalAt, reason });
  return "skipped";
}

function begin(turn: ScheduleTurn, spec: ScheduleSpec, due: Due, buffered = false): Taken {
  const { nominalAt, manual } = due;
  const run = runOf(turn, spec, nominalAt);
  turn.emit({
    kind: "schedule.started",
    nominalAt,
    runId: run.runId,
    ...(buffered ? { buffered } : {}),
    ...(manual === undefined ? {} : { manual }),
  });
  turn.effect({
    type: "send",
    to: keyStream(run.key),
    message: {
      type: "key.start",
      spec: run,
      mode: "single",
      reuse: "allow",
      conflict: "useExisting",
    },
  });
  return "started";
}

function runOf(
  { state, at }: ScheduleTurn,
  spec: ScheduleSpec,
  nominalAt: number,
): RunSpec & { readonly key: KeyRef } {
  const { namespace, workflow, queue, input, runTimeoutMs, attributes } = spec;
  const stream = scheduleStream(namespace, spec.id);
  const id = `${spec.workflowId ?? spec.id}-${isoTime(nominalAt)}`;
  const key: KeyRef = { namespace, kind: "workflow", id };
  // `seq` keeps two starts of one time apart: a backfill may repeat it.
  const runId = derivedRunId(at, slotOfKey(key), `${stream}/${nominalAt}/${state.seq}`);
  return {
    runId,
    namespace,
    workflow,
    queue,
    input,
    key,
    mode: "single",
    notify: { stream, key: runId },
    ...(runTimeoutMs === undefined ? {} : { runTimeoutMs }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}
